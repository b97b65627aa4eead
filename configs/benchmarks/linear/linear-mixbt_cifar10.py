"""Linear classification on CIFAR-10 as mix-bt has it: its `linear.py`, behind its "Linear Acc.".

    python tools/benchmark.py CHECKPOINT --suite linear-mixbt_cifar10

200 epochs of Adam from 1e-2 to 1e-6 at a batch of 512, on views with the colors of pretraining, the
network frozen but for BN's statistics. Other probes give other numbers: linear-sgd_cifar10, the
quick linear_cifar10. Needs data/cifar10/{train,test}/<class>/*.jpg; a GPU for an hour (estimated).
Expected of mix-bt's own networks: 92.58 (ResNet-18), 93.89 (ResNet-50), README of wgcban/mix-bt, which
does not say of which epoch; `top1` is the last one's, `top1_best` the best one's.
"""

_base_ = [
    '../../_base_/models/linear_mixbt.py',
    '../../_base_/datasets/cifar10_folders_labeled.py',
    '../../_base_/schedules/linear_mixbt_200e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
load, crop, flip, pack = _base_.train_dataloader.dataset.pipeline  # the crop is bilinear, as there
colors = [_base_.color_jitter, dict(type='mmpretrain.torchvision/RandomGrayscale', p=0.2)]
train_dataloader = dict(batch_size=512, dataset=dict(pipeline=[load, crop, flip, *colors, pack]))
del load, crop, flip, pack, colors
