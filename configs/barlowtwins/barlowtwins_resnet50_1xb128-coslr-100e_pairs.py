"""Barlow Twins on pairs of your own images that belong together: frames of a video, dates, patients.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet50_1xb128-coslr-100e_pairs.py --amp --cfg-options data_root=FOLDER

The recipe of barlowtwins_resnet50_1xb128-coslr-100e_folder, with one view of an image and one of another
image of the same folder, drawn anew in each epoch. For frames of videos add
train_dataloader.dataset.max_distance=25; docs/pairs.md has tables, patients and modalities. Not run here yet.
"""

_base_ = 'barlowtwins_resnet50_1xb128-coslr-100e_folder.py'

views, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(
        type='mmbarlow.PairedImages',
        group='^(.*)/',
        pipeline=[dict(views, type='mmbarlow.PairedViews'), pack],
    )
)
del views, pack
