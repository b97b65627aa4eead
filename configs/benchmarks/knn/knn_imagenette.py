"""kNN on Imagenette: bank of 9,469, 3,925 to classify, k = 20 as stable-pretraining has it, T = 0.07.

python tools/benchmark.py CHECKPOINT --suite knn_imagenette
"""

_base_ = '../../_base_/datasets/imagenette.py'
test_evaluator = dict(k=[10, 20, 200])
