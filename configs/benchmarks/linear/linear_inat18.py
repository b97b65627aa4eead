"""Linear classification of the 8,142 species of iNaturalist 2018 on frozen features.

python tools/converters/inat18.py data/inat18    # once: the lists; says where the data is
python tools/benchmark.py CHECKPOINT --suite linear_inat18

Expected: 46.5 top-1 after 1000 epochs of pretraining (paper, table 3). 84 forward passes over
437,513 images: half a day on a GPU, one or two hours on 8 (estimated). Not run here yet.
What the paper leaves open is as in linear_places205.py: the drops after epochs 24, 48 and 72 are
VISSL's (for the text: param_scheduler.milestones=[28,56]), the head is ours (unverified).
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/inat18.py',
    '../../_base_/schedules/linear_transfer.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=8142))
param_scheduler = dict(type='MultiStepLR', milestones=[24, 48, 72], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=84)
default_hooks = dict(checkpoint=dict(interval=1))
