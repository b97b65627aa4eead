"""A linear classifier on each stage, CIFAR-10 as class folders: multihead_imagenet for small data.

    python tools/benchmark.py CHECKPOINT --suite multihead_cifar10

30 epochs where ImageNet has 90, its steps at the same thirds, crops and flips at 32 px without the
colors: our choice; nothing of the kind is published. The maps are averaged to the grids of ImageNet as
far as they are that large. Needs data/cifar10/{train,test}/<class>/*.jpg; half an hour on two CPU
cores for a ResNet-18 with the ImageNet stem (estimated).
"""

_base_ = [
    '../../_base_/models/multihead_resnet50.py',
    '../../_base_/datasets/cifar10_folders_labeled.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
val_evaluator = dict(_delete_=True, type='mmbarlow.MultiHeadAccuracy')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True),
)
param_scheduler = dict(type='MultiStepLR', milestones=[10, 20], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=30)
default_hooks = dict(checkpoint=dict(interval=5))
