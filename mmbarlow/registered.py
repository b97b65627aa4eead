"""The classes that configs name: MMEngine imports this module when it looks one of them up."""

from mmbarlow.checkpoints import guard_weights
from mmbarlow.registry import import_modules

guard_weights()
for room in ('models', 'datasets', 'engine', 'evaluation'):
    import_modules(f'mmbarlow.{room}')
