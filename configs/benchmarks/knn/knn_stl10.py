"""kNN on STL-10: bank of 5,000, 8,000 to classify, T = 0.1 as lightly has it for CIFAR-10. Downloads to data/stl10.

python tools/benchmark.py CHECKPOINT --suite knn_stl10
"""

_base_ = '../../_base_/datasets/stl10.py'
test_evaluator = dict(k=[10, 200])
