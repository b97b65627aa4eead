"""Linear classification on Tiny ImageNet as mix-bt has it: see linear-mixbt_cifar10.py.

    python tools/benchmark.py CHECKPOINT --suite linear-mixbt_tinyimagenet

Needs data/tiny-imagenet-200 as unpacked from its zip; a GPU for some hours (estimated).
Expected of mix-bt's own networks: 51.67 (ResNet-18), 51.84 (ResNet-50), README of wgcban/mix-bt, which
does not say of which epoch; `top1` is the last one's, `top1_best` the best one's.
"""

_base_ = [
    '../../_base_/models/linear_mixbt.py',
    '../../_base_/datasets/tinyimagenet_labeled.py',
    '../../_base_/schedules/linear_mixbt_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
load, crop, flip, pack = _base_.train_dataloader.dataset.pipeline
colors = [_base_.color_jitter, dict(type='mmpretrain.torchvision/RandomGrayscale', p=0.1)]
crop = dict(crop, size=64, scale=(0.2, 1.0), interpolation='bicubic')
train_dataloader = dict(batch_size=512, dataset=dict(pipeline=[load, *colors, crop, flip, pack]))
del load, crop, flip, pack, colors
