"""kNN on Tiny ImageNet: bank of 100,000, 10,000 to classify, T = 0.1 as lightly has it for CIFAR-10. Needs data/tiny-imagenet-200 as unpacked from its zip.

python tools/benchmark.py CHECKPOINT --suite knn_tinyimagenet
"""

_base_ = '../../_base_/datasets/tinyimagenet.py'
test_evaluator = dict(k=[10, 200])
