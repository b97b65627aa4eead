# default_runtime.py for detectors, which are trained by iterations on images of many sizes.
_base_ = 'default_runtime.py'

# Pretraining needs neither mmdet nor the time of its import: mmbarlow/detection/registered.py.
custom_imports = dict(imports=['mmbarlow.detection.registered'])
# The network to start from: any checkpoint that tools/convert_checkpoint.py reads. None: untrained.
pretrained = None
custom_hooks = [
    dict(type='mmbarlow.PretrainedHook'),
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.PreciseBNHook', iterations=200),
    dict(type='mmbarlow.DetectionPicturesHook', count=8, score_threshold=0.5),
]
env_cfg = dict(cudnn_benchmark=False)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=1000))
log_processor = dict(by_epoch=False)
