"""Two views of 32 px and four of 16 px, for as long as two of 32 px for 4 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-multicrop_resnet18-stem7-c16_1xb128-coslr-2e_cifar10.py

Its peer of two views is barlowtwins_resnet18-stem7-c16_1xb128-coslr-4e_cifar10.py. Numbers:
docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18-stem7-c16_1xb128-coslr-2e_cifar10.py'
model = dict(
    data_preprocessor=dict(
        global_views=_base_.model.data_preprocessor.global_views[:2],
        local_size=16,
        local_views=[dict(crop_scale=(0.05, 0.3))] * 4,
    ),
    head=dict(pairs='global-any', global_views=2),
)
default_hooks = dict(
    export=dict(
        scale='2 epochs of multi-crop of every second image, a quarter of the channels, and the '
        'ImageNet stem on 32 px'
    )
)
