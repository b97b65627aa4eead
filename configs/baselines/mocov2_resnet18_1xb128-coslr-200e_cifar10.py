"""MoCo v2 on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/mocov2_resnet18_1xb128-coslr-200e_cifar10.py

https://arxiv.org/abs/2003.04297, temperature 0.2 as there. Momentum 0.99 and a queue of 4096, not
0.999 and 65536: small data sets want a queue shorter than an epoch, and keys that are as young.
Not run here yet, for want of a GPU. lightly's benchmark has this method with our optimiser, batch and
epochs, but its number and widths are not verified here; Barlow Twins there: kNN 84.2 %. What is the
same for all neighbours: docs/neighbours.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'

model = dict(
    _delete_=True,
    type='mmpretrain.MoCo',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
    queue_len=4096,
    feat_dim=128,
    momentum=0.01,
    neck=dict(type='mmpretrain.MoCoV2Neck', in_channels=512, hid_channels=512, out_channels=128),
    head=dict(
        type='mmpretrain.ContrastiveHead',
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
        temperature=0.2,
    ),
)
# BN of each process by itself: over all processes it would undo the shuffling of the keys' batch.
sync_bn = None
