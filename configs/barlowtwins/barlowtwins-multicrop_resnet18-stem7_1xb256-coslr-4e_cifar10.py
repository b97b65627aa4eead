"""Two views of 32 px and four of 20 px, at the cost of 3.6 views of 32 px.

    OMP_NUM_THREADS=1 python tools/train.py configs/barlowtwins/barlowtwins-multicrop_resnet18-stem7_1xb256-coslr-4e_cifar10.py --amp

Its peer of two views is barlowtwins_resnet18-stem7_1xb256-coslr-6e_cifar10.py. Not run yet.
"""

_base_ = 'barlowtwins-4views_resnet18-stem7_1xb256-coslr-3e_cifar10.py'
model = dict(
    data_preprocessor=dict(
        global_views=_base_.model.data_preprocessor.global_views[:2],
        local_size=20,
        local_views=[dict(crop_scale=(0.05, 0.25))] * 4,
    ),
    head=dict(pairs='global-any', global_views=2),
)
train_cfg = dict(max_epochs=4)
default_hooks = dict(export=dict(scale='4 epochs of multi-crop, and the ImageNet stem on 32 px'))
