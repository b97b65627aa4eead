"""Four views of each image of CIFAR-10 for half of the epochs, one GPU, which makes the views.

    python tools/train.py configs/barlowtwins/barlowtwins-4views_resnet18_1xb128-coslr-100e_cifar10.py

It shows the network as many views as barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py. Not run yet.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py'
twins = _base_.model.data_preprocessor
model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='mmbarlow.BatchMultiViews',
        size=32,
        global_views=[twins.view_a, twins.view_b] * 2,
        mean=twins.mean,
        std=twins.std,
        non_blocking=True,
    )
)
del twins
train_cfg = dict(max_epochs=100)
