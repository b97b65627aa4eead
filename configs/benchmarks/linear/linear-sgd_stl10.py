"""Linear classification on STL-10, trained on crops and flips: solo-learn's offline probe.

    python tools/benchmark.py CHECKPOINT --suite linear-sgd_stl10

5,000 labeled images of 96 px, 8,000 to classify. Downloads 2.6 GB to data/stl10; a GPU for a
quarter of an hour (estimated). No number is published for this recipe.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/stl10_labeled.py',
    '../../_base_/schedules/linear_sgd_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
