"""Linear classification on CIFAR-100, trained on crops and flips: solo-learn's offline probe.

    python tools/benchmark.py CHECKPOINT --suite linear-sgd_cifar100

Downloads to data/cifar100; a GPU for half an hour (estimated).
Expected: near 70.90 / 91.91, solo-learn's probe trained along with a ResNet-18 for 1000 epochs.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/cifar100_labeled.py',
    '../../_base_/schedules/linear_sgd_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=100))
