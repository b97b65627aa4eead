"""Linear classification on STL-10 at 64 px as mix-bt has it: see linear-mixbt_cifar10.py.

    python tools/benchmark.py CHECKPOINT --suite linear-mixbt_stl10

5,000 labeled images, 8,000 to classify, these resized to 70 px and cropped to 64. Downloads 2.6 GB to
data/stl10; a GPU for a quarter of an hour (estimated).
Expected of mix-bt's own networks: 91.02 (ResNet-18), 91.70 (ResNet-50), README of wgcban/mix-bt, which
does not say of which epoch; `top1` is the last one's, `top1_best` the best one's.
"""

_base_ = [
    '../../_base_/models/linear_mixbt.py',
    '../../_base_/datasets/stl10_labeled.py',
    '../../_base_/schedules/linear_mixbt_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
load, crop, flip, pack = _base_.train_dataloader.dataset.pipeline
colors = [_base_.color_jitter, dict(type='mmpretrain.torchvision/RandomGrayscale', p=0.1)]
crop = dict(crop, size=64, scale=(0.2, 1.0), interpolation='bicubic')
train_dataloader = dict(batch_size=512, dataset=dict(pipeline=[load, *colors, crop, flip, pack]))
view, *_ = _base_.val_dataloader.dataset.pipeline
view = dict(view, size=64, resize=70, interpolation='bicubic')
val_dataloader = dict(dataset=dict(pipeline=[view, pack]))
del load, crop, flip, pack, colors, view
