"""The classes that configs name: MMEngine imports this module when it looks one of them up."""

from mmbarlow.checkpoints import guard_weights
from mmbarlow.convert.pretrained_init import fit_pretrained
from mmbarlow.registry import import_modules

guard_weights()
fit_pretrained()
for room in ('models', 'datasets', 'engine', 'evaluation'):
    import_modules(f'mmbarlow.{room}')
