# The linear classifier of mix-bt's `linear.py`: PyTorch's initialization, on a network whose parameters
# are frozen and whose BN is in train mode, so that its statistics drift with the training images.
_base_ = 'classifier_resnet50.py'

model = dict(head=dict(init_cfg=None))
custom_hooks = [
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.FrozenHook', drift=True),
]
find_unused_parameters = True  # DDP would wait for the gradients of the frozen ones
