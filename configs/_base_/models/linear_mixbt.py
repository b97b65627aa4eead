# The linear classifier of mix-bt's `linear.py`: PyTorch's initialization, on a network whose parameters
# are frozen and whose BN is in train mode, so that its statistics drift with the training images.
_base_ = 'classifier_resnet50.py'

model = dict(head=dict(init_cfg=None))
custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.FrozenHook', drift=True),
]
find_unused_parameters = True  # DDP would wait for the gradients of the frozen ones

# Of the views that it is trained on, which have the colors of pretraining.
color_jitter = dict(
    type='mmcv.RandomApply',
    transforms=[
        dict(
            type='mmpretrain.torchvision/ColorJitter',
            brightness=0.4,
            contrast=0.4,
            saturation=0.4,
            hue=0.1,
        )
    ],
    prob=0.8,
)
