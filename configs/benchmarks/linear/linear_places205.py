"""Linear classification of the 205 scenes of Places205 on frozen features.

python tools/converters/places205.py data/places205    # once: the lists; says where the data is
python tools/benchmark.py CHECKPOINT --suite linear_places205

Expected: 54.1 top-1 after 1000 epochs of pretraining (paper, table 3). 14 forward passes over 2.4
million images: half a day on a GPU, one or two hours on 8 (estimated). Not run here yet.
The paper has "the exact settings of PIRL" (section C.1), run with VISSL, and leaves two things open:

- The rate drops "at two equally spaced intervals" in the text, after epochs 4, 8 and 12 in VISSL's
  file. Here: VISSL's, which is code that ran, in whole epochs; the author of VICReg names that file
  for numbers of the same kind. For the text: param_scheduler.milestones=[5,9].
- VISSL trains BN and a linear layer at each of several depths, and which of them is reported is
  not said (unverified). Here: a linear layer on the average-pooled last features, as for ImageNet.
"""

_base_ = [
    '../../_base_/models/linear_resnet50.py',
    '../../_base_/datasets/places205.py',
    '../../_base_/schedules/linear_transfer.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=205))
param_scheduler = dict(type='MultiStepLR', milestones=[4, 8, 12], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=14)
default_hooks = dict(checkpoint=dict(interval=1))
