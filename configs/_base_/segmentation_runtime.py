# default_runtime.py for segmentors, which are trained by iterations.
_base_ = 'default_runtime.py'

# Pretraining needs neither mmseg nor the time of its import: mmbarlow/segmentation/registered.py.
custom_imports = dict(imports=['mmbarlow.segmentation.registered'])
# The network to start from: any checkpoint that tools/convert_checkpoint.py reads. None: untrained.
pretrained = None
custom_hooks = [
    dict(type='mmbarlow.PretrainedHook'),
    dict(type='mmbarlow.FiniteLossHook'),
    dict(type='mmbarlow.SegmentationPicturesHook', count=8),
]
# Whole images of many sizes are tested.
env_cfg = dict(cudnn_benchmark=False)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=1000))
log_processor = dict(by_epoch=False)
