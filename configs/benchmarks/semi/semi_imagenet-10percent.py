"""Fine-tuning of the whole network on 10 % of ImageNet's labels, with the settings of the paper.

python tools/benchmark.py CHECKPOINT --suite semi_imagenet-10percent

Expected: 69.7 top-1 and 89.3 top-5 after 1000 epochs of pretraining (paper, table 2), with the
settings of 1 %, as the author says too. Two hours on a GPU (estimated). Not run here yet. The
official README has other rates: semi-official_imagenet-10percent.py.
"""

_base_ = 'semi_imagenet-1percent.py'
train_dataloader = dict(dataset=dict(subset='10percent'))
