"""Linear probe on the frozen features of CIFAR-100. Downloads to data/cifar100.

python tools/benchmark.py CHECKPOINT --suite linear_cifar100
"""

_base_ = '../../_base_/datasets/cifar100.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
