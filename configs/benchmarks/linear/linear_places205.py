"""Linear classification of the 205 scenes of Places205 on frozen features.

python tools/converters/places205.py data/places205    # once: the lists; says where the data is
python tools/benchmark.py CHECKPOINT --suite linear_places205

Expected: 54.1 top-1 after 1000 epochs of pretraining (paper, table 3). 14 forward passes over 2.4
million images: half a day on a GPU, one or two hours on 8 (estimated). Not run here yet.
The paper has "the exact settings of PIRL" (section C.1), run with VISSL. Here is what VISSL's file
has (linear_image_classification/places205/eval_resnet_8gpu_transfer_places205_linear.yaml):

- head: affine BN and a linear layer on res5 in 2 x 2 cells (8192), the last of five heads there.
  Which one the paper reports is not said (unverified). Rate 0.01 and weight decay 5e-4 belong to it;
  BN does not decay.
- schedule: rate drops after epochs 4, 8 and 12 of 14. The text has "two equally spaced intervals";
  for it: param_scheduler.milestones=[5,9].
"""

_base_ = [
    '../../_base_/models/vissl_linear_resnet50.py',
    '../../_base_/datasets/places205.py',
    '../../_base_/schedules/linear_transfer.py',
    '../../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=205))
val_evaluator = dict(_delete_=True, type='mmbarlow.MultiHeadAccuracy', names=dict(feature5='top1'))
param_scheduler = dict(type='MultiStepLR', milestones=[4, 8, 12], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=14)
default_hooks = dict(checkpoint=dict(interval=1))
