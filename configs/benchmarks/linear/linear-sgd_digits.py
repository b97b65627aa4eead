"""Linear classification on digits, trained on crops: solo-learn's offline probe.

    python tools/benchmark.py CHECKPOINT --suite linear-sgd_digits

A minute on a CPU (estimated). No number is published for these images: compare untrained and
trained networks.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/digits_labeled.py',
    '../../_base_/schedules/linear_sgd_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
default_hooks = dict(logger=dict(interval=6))  # an epoch
