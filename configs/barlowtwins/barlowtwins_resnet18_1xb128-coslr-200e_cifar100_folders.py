"""The CIFAR-100 recipe on class folders, data/cifar100/{train,test}/<class>/*.jpg, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar100_folders.py

Not run here yet; barlowtwins_resnet18_1xb128-coslr-200e_cifar100.py says what is published.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-200e_cifar10_folders.py'
data_root = 'data/cifar100'
images = dict(dataset=dict(data_root=data_root))
train_dataloader = val_dataloader = test_dataloader = images
val_cfg = test_cfg = dict(bank_dataloader=images)
del images
