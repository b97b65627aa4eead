"""kNN on CIFAR-100: bank of 50,000, 10,000 to classify, T = 0.1 as lightly has it for CIFAR-10. Downloads to data/cifar100.

python tools/benchmark.py CHECKPOINT --suite knn_cifar100
"""

_base_ = '../../_base_/datasets/cifar100.py'
test_evaluator = dict(k=[10, 200])
