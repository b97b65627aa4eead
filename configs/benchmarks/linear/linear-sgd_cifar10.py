"""Linear classification on CIFAR-10, trained on crops and flips: solo-learn's offline probe.

    python tools/benchmark.py CHECKPOINT --suite linear-sgd_cifar10

Needs data/cifar10/{train,test}/<class>/*.jpg; a GPU for half an hour, two CPU cores for one to two
hours with the ImageNet stem (estimated).
Expected: 91.56 (a user of solo-learn's checkpoint of 1000 epochs, ResNet-18, at a batch of 128; its own
92.10 is of a probe trained along with the network).
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/cifar10_folders_labeled.py',
    '../../_base_/schedules/linear_sgd_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=10))
