"""`init_cfg=dict(type='Pretrained', checkpoint=...)` of any OpenMMLab package: all or an error."""

from mmengine.logging import print_log
from mmengine.model import PretrainedInit, update_init_info
from torch import nn

from mmbarlow.convert.fitting import fit_model, fit_module
from mmbarlow.errors import printable


def fit_pretrained() -> None:
    """Have MMEngine's `PretrainedInit` fill its module completely, from files of any code.

    Its own warns in the log and trains from scratch where a file is of another network.
    """
    PretrainedInit.__call__ = _initialize


def _initialize(self: PretrainedInit, module: nn.Module) -> None:
    """Raises InputError if the file cannot be read or is not of the module."""
    whole = self.prefix is None and hasattr(module, 'backbone')
    path = self.checkpoint
    found = fit_model(module, path) if whole else fit_module(module, path, self.prefix)
    module.load_state_dict(found.state, strict=False)
    print_log(printable(f'init_cfg {path} {found}'), 'current')
    if hasattr(module, '_params_init_info'):
        update_init_info(module, init_info=self._get_init_info())
