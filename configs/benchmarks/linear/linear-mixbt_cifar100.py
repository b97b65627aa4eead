"""Linear classification on CIFAR-100 as mix-bt has it: see linear-mixbt_cifar10.py.

    python tools/benchmark.py CHECKPOINT --suite linear-mixbt_cifar100

Downloads to data/cifar100; a GPU for an hour (estimated).
Expected of mix-bt's own networks: 69.31 (ResNet-18), 72.51 (ResNet-50), README of wgcban/mix-bt, which
does not say of which epoch; `top1` is the last one's, `top1_best` the best one's.
"""

_base_ = [
    '../../_base_/models/linear_mixbt.py',
    '../../_base_/datasets/cifar100_labeled.py',
    '../../_base_/schedules/linear_mixbt_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=100))
load, crop, flip, pack = _base_.train_dataloader.dataset.pipeline  # the crop is bilinear, as there
colors = [_base_.color_jitter, dict(type='mmpretrain.torchvision/RandomGrayscale', p=0.2)]
train_dataloader = dict(batch_size=512, dataset=dict(pipeline=[load, crop, flip, *colors, pack]))
del load, crop, flip, pack, colors
