default_scope = 'mmengine'
# The loss needs no seed to be reproduced, the numbers of a table do.
randomness = dict(seed=0)
# Input sizes never change in pretraining, so cuDNN's choice of algorithms pays off.
# TF32, 10 bits of mantissa in fp32 products: cuDNN's convolutions have it already; the hook `tf32`
# below allows it in linear layers, which are most of the projector without --amp. The loss keeps
# what it cannot afford to round apart from its products (docs/speed.md has the error).
env_cfg = dict(cudnn_benchmark=True)
# One switch for all BN layers, acting in distributed runs only: layers stay plain `BN`, and the
# same config runs on one CPU, one GPU or many.
sync_bn = 'torch'
default_hooks = dict(
    # Logged values stay on the device until a line of the log asks for them.
    runtime_info=dict(type='mmbarlow.LazyInfoHook'),
    logger=dict(type='LoggerHook', interval=50),
    # What a killed run repeats is at most half an hour; the two newest are kept.
    checkpoint=dict(type='mmbarlow.CheckpointHook', interval=10, minutes=30, max_keep_ckpts=2),
    tf32=dict(type='mmbarlow.TF32Hook'),
    prefetch=dict(type='mmbarlow.PrefetchHook'),
    broken_images=dict(type='mmbarlow.BrokenImagesHook', max_share=0.01),
)
log_processor = dict(window_size=50)
