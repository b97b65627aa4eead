"""Linear classification on Tiny ImageNet, trained on crops and flips: solo-learn's offline probe.

    python tools/benchmark.py CHECKPOINT --suite linear-sgd_tinyimagenet

Needs data/tiny-imagenet-200 as unpacked from its zip: wnids.txt, train/<wnid>/images/*.JPEG,
val/images/*.JPEG, val/val_annotations.txt. A GPU for an hour (estimated). No number is published
for this recipe.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/tinyimagenet_labeled.py',
    '../../_base_/schedules/linear_sgd_100e.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
