"""Fine-tuning of the whole network on 1 % of ImageNet's labels, with the settings of the paper.

python tools/benchmark.py CHECKPOINT --suite semi_imagenet-1percent

Expected: 55.0 top-1 and 79.2 top-5 after 1000 epochs of pretraining (paper, table 2; settings:
section B.2). Half an hour on a GPU, most of it for testing (estimated). Not run here yet. The
official README has other rates: semi-official_imagenet-1percent.py. Data: image-net.org, as class
folders; the list of the 12,811 images comes with mmbarlow.
"""

_base_ = [
    '../../_base_/models/classifier_resnet50.py',
    '../../_base_/datasets/imagenet_labeled.py',
    '../../_base_/schedules/semi_20e.py',
    '../../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(type='mmbarlow.ImageNetSubset', subset='1percent'))
# BN learns and normalizes with its own batch's statistics on each GPU: the official `evaluate.py`
# calls model.train() and converts nothing to SyncBN. It evaluates with rank 0's running statistics,
# here they are the mean of all processes.
sync_bn = None
custom_hooks = [dict(type='mmbarlow.FiniteLossHook'), dict(type='mmbarlow.SyncTrainedBuffersHook')]
default_hooks = dict(checkpoint=dict(interval=1))
