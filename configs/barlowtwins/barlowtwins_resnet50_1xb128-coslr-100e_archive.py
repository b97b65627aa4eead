"""Barlow Twins on your own images in a zip file, without labels. One GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet50_1xb128-coslr-100e_archive.py --amp --cfg-options data_root=images.zip

For network file systems, which are slow with many small files: one file is opened, and nothing is
unpacked. `zip -0 -r images.zip FOLDER` makes it. All else is as with a folder. Not run here yet.
"""

_base_ = 'barlowtwins_resnet50_1xb128-coslr-100e_folder.py'
data_root = 'data/images.zip'
train_dataloader = dict(dataset=dict(type='mmbarlow.ImageArchive', data_root=data_root))
