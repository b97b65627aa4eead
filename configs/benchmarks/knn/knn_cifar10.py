"""kNN on CIFAR-10 as class folders: bank of 50,000, 10,000 to classify, T = 0.1 as lightly has it.

python tools/benchmark.py CHECKPOINT --suite knn_cifar10
"""

_base_ = '../../_base_/datasets/cifar10_folders.py'
test_evaluator = dict(type='mmbarlow.KNN', k=[10, 200], temperature=0.1)
