"""A batch of 256, the learning rate in proportion to its square root, on CIFAR-10. Measured: docs/ablations_results.md.

OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins_resnet18-stem7-c16_1xb256-coslr-1e_cifar10.py
"""

_base_ = 'barlowtwins_resnet18-stem7-c16_1xb128-coslr-1e_cifar10.py'
train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=0.0014))
