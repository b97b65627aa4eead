"""Linear probe on the frozen features of CIFAR-10 as class folders.

python tools/benchmark.py CHECKPOINT --suite linear_cifar10
"""

_base_ = '../../_base_/datasets/cifar10_folders.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
