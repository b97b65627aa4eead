"""Barlow Twins on CIFAR-10, ResNet-18 with the 3x3 stem, one GPU: lightly's benchmark recipe.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py

Downloads CIFAR-10 to data/cifar10 if it is not there. Not run here yet. Crops are bilinear, as
there (torchvision's default).
Expected: kNN (k=200, T=0.1) 84.2 % (lightly's benchmark page; 83.5 to 84.2 between its versions).
"""

_base_ = [
    '../_base_/models/barlowtwins_resnet18_small.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/pretrain_runtime.py',
]

# Workers load the images and the GPU makes the views, of which a core would make about a thousand
# pairs a second.
model = dict(
    channels_last=True,
    data_preprocessor=dict(
        type='mmbarlow.BatchTwinViews',
        size=32,
        view_a=dict(interpolation='bilinear'),
        view_b=dict(interpolation='bilinear', solarize=0.2),
    ),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.whole_images))
