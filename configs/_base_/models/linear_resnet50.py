# A linear classifier on a frozen network: classifier_resnet50.py with nothing of the backbone
# learning.
_base_ = 'classifier_resnet50.py'

model = dict(backbone=dict(frozen_stages=4))
custom_hooks = [dict(type='mmbarlow.FiniteLossHook'), dict(type='mmbarlow.FrozenHook')]
