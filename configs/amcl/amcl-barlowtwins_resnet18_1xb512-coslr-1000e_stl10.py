"""Adaptive multi-head Barlow Twins (AMCL) on STL-10, 105,000 images of 96 px, one GPU.

    python tools/train.py configs/amcl/amcl-barlowtwins_resnet18_1xb512-coslr-1000e_stl10.py --amp

Downloads STL-10 to data/stl10 if it is not there; its images take 3 GB of memory, 6 GB while they
are read. The recipe of the config for CIFAR-10, which says what is known of it; nothing of STL-10. In
the authors' code the images without a class are an option, here they are in. Not run here yet.
"""

_base_ = [
    '../_base_/models/amcl-barlowtwins_resnet18_small.py',
    '../_base_/datasets/stl10.py',
    '../_base_/schedules/amcl_sgd_1000e.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(data_preprocessor=dict(size=96))
train_dataloader = dict(batch_size=512, dataset=dict(pipeline=_base_.whole_images))
custom_hooks = [dict(type='mmbarlow.TemperatureHook')]
