"""kNN on digits: 1,437 labeled images, 360 to classify; cosine, weights exp(s / 0.07).

python tools/benchmark.py CHECKPOINT --suite knn_digits
"""

_base_ = '../../_base_/datasets/digits.py'
test_evaluator = dict(type='mmbarlow.KNN', k=[1, 10, 20], temperature=0.07)
