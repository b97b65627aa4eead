"""A ResNet-50 with some pretraining, to try detection without a GPU: half an hour on a CPU core.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet50-stem7_1xb128-coslr-6e_cifar10.py

Every tenth image of CIFAR-10, for six epochs: 230 steps. The features are not good, but all 318 tensors
of the backbone have moved, which is enough to try the transfer to mmdet (docs/detection.md).
"""

_base_ = 'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'

model = dict(backbone=dict(depth=50))
train_dataloader = dict(batch_size=128, dataset=dict(indices=list(range(0, 50000, 10))))
train_cfg = dict(max_epochs=6, val_interval=6)

bank = dict(dataset=dict(indices=list(range(0, 50000, 10))))
queries = dict(dataset=dict(indices=list(range(0, 10000, 10))))
val_dataloader = queries
test_dataloader = queries
val_cfg = dict(bank_dataloader=bank)
test_cfg = dict(bank_dataloader=bank)
del bank, queries

default_hooks = dict(
    export=dict(
        scale='6 epochs of every tenth image, and the ImageNet stem on 32 px; kNN with every tenth '
        'image, too'
    )
)
