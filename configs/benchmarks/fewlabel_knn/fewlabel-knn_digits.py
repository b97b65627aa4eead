"""kNN on digits with 5 labels per class: mean and standard deviation over 5 draws of the labels.

python tools/benchmark.py CHECKPOINT --suite fewlabel-knn_digits
"""

_base_ = '../../_base_/datasets/digits.py'
test_evaluator = dict(
    _delete_=True, type='mmbarlow.FewLabelKNN', labels_per_class=5, draws=5, temperature=0.07
)
