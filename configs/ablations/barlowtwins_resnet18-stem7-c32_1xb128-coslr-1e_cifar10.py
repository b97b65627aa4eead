"""One epoch of CIFAR-10 at a batch of 128, with half of the channels and a projector as on digits.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c32_1xb128-coslr-1e_cifar10.py

Three minutes of one CPU core. The backbone of the reduced segmentation (docs/segmentation.md), and the
parent of the quick ablations, which have half of its channels.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py'
model = dict(
    neck=dict(hid_channels=512, out_channels=512, num_layers=3),
    head=dict(in_channels=512, lambd=0.0051),
)
train_dataloader = dict(batch_size=128)
param_scheduler = dict(warmup=0)  # of 390 steps in all
train_cfg = dict(max_epochs=1, val_begin=2)  # measured by its benchmarks
default_hooks = dict(
    export=dict(scale='1 epoch, half of the channels, and the ImageNet stem on 32 px')
)
