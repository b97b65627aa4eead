"""Linear classification of the 8,142 species of iNaturalist 2018 on frozen features.

python tools/converters/inat18.py data/inat18    # once: the lists; says where the data is
python tools/benchmark.py CHECKPOINT --suite linear_inat18

Expected: 46.5 top-1 after 1000 epochs of pretraining (paper, table 3). 84 forward passes over
437,513 images: half a day on a GPU, one or two hours on 8 (estimated). Not run here yet.
As in VISSL's file (.../inaturalist18/eval_resnet_8gpu_transfer_inaturalist18_linear.yaml), of whose
six heads the last two are here, each affine BN and a linear layer, trained side by side: on res5 in
2 x 2 cells (8192), which is `top1`, and on its average (2048), `top1_avgpool`. Which one the paper
reports is not said (unverified). The drops after epochs 24, 48 and 72 are VISSL's, too (for the
paper's text: param_scheduler.milestones=[28,56]).
"""

_base_ = [
    '../../_base_/models/vissl_linear_resnet50.py',
    '../../_base_/datasets/inat18.py',
    '../../_base_/schedules/linear_transfer.py',
    '../../_base_/default_runtime.py',
]

heads = ['feature5', 'avgpool']
model = dict(
    neck=dict(names=heads),
    head=dict(num_classes=8142, names=heads, in_shapes=[(2048, 2, 2), (2048, 1, 1)]),
)
del heads
val_evaluator = dict(
    _delete_=True,
    type='mmbarlow.MultiHeadAccuracy',
    names=dict(feature5='top1', avgpool='top1_avgpool'),
)
param_scheduler = dict(type='MultiStepLR', milestones=[24, 48, 72], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=84)
default_hooks = dict(checkpoint=dict(interval=1))
