# default_runtime.py for pretraining: almost black images or a loss that is not finite end the run, and a
# finished run leaves its backbone and its record. A config that reduces a published recipe says so with
# `export.scale`.
_base_ = 'default_runtime.py'

default_hooks = dict(
    pixels=dict(type='mmbarlow.PixelsHook'),
    finite_loss=dict(type='mmbarlow.FiniteLossHook'),
    # RankMe, LiDAR and others in the log: docs/dashboard.md. `spectrum=None` switches it off.
    spectrum=dict(type='mmbarlow.SpectrumHook', interval=50),
    # Warns once of what fails, and names the key to change: docs/dashboard.md.
    failure_signs=dict(type='mmbarlow.FailureSignsHook'),
    export=dict(type='mmbarlow.ExportHook'),
)
