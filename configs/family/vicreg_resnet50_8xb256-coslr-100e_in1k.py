"""VICReg on ImageNet-1k, 100 epochs: the official code at a batch of 2048.

    tools/dist_train.sh configs/family/vicreg_resnet50_8xb256-coslr-100e_in1k.py 8 --amp

Needs data/imagenet/{train,val}, 8 GPUs. Not run here. Expected after 1000 epochs: linear 73.2 (README
of facebookresearch/vicreg, with this batch and rate). Views, projector, LARS and schedule are those of
Barlow Twins. For 100 epochs that README has a batch of 512 and a rate of 0.3 x 512 / 256.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'
model = dict(
    head=dict(
        _delete_=True,
        type='mmbarlow.CriterionHead',
        in_channels=8192,
        criterion=dict(type='mmbarlow.VICRegLoss'),
    ),
)
# One rate for all, as in `main_vicreg.py`, whose gradient is exact, too.
optim_wrapper = dict(paramwise_cfg=dict(bias_lr=1.6))
train_cfg = dict(max_epochs=100)
