"""SimCLR on CIFAR-10, on the terms of Barlow Twins' config, one GPU.

    python tools/train.py configs/baselines/simclr_resnet18_1xb128-coslr-200e_cifar10.py

https://arxiv.org/abs/2002.05709. Both views go through the network as one batch, and BN with them, as
in the paper's code; temperature 0.5, the paper's for CIFAR-10 (mmpretrain: 0.1, for ImageNet).
Not run here yet, for want of a GPU. lightly's benchmark has this method with our optimiser, batch and
epochs, but its number and widths are not verified here; Barlow Twins there: kNN 84.2 %. What is the
same for all neighbours: docs/neighbours.md.
"""

_base_ = '../barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'

model = dict(
    _delete_=True,
    type='mmpretrain.SimCLR',
    data_preprocessor={{_base_.model.data_preprocessor}},  # noqa: F821
    backbone={{_base_.model.backbone}},  # noqa: F821
    neck=dict(
        type='mmpretrain.NonLinearNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        num_layers=2,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='mmpretrain.ContrastiveHead',
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
        temperature=0.5,
    ),
)
