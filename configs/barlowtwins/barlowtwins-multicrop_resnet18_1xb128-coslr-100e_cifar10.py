"""Multi-crop on CIFAR-10: two views of 32 px and six of 16 px, one GPU, which makes the views.

    python tools/train.py configs/barlowtwins/barlowtwins-multicrop_resnet18_1xb128-coslr-100e_cifar10.py

An image has 1.75 times the pixels of one with two views, so that 100 epochs show 0.9 times as many as
barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py. Not run yet.
"""

_base_ = 'barlowtwins-4views_resnet18_1xb128-coslr-100e_cifar10.py'
model = dict(
    data_preprocessor=dict(
        global_views=_base_.model.data_preprocessor.global_views[:2],
        local_size=16,
        local_views=[dict(interpolation='bilinear', crop_scale=(0.05, 0.3))] * 6,
    ),
    head=dict(pairs='global-any', global_views=2),
)
