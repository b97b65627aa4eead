# pretrain_runtime.py with a line of the log for each epoch of 11 steps.
_base_ = 'pretrain_runtime.py'

default_hooks = dict(logger=dict(interval=11))
