"""Starting a run from weights: whatever file they are in, it fits or the run does not start."""

import logging
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from mmbarlow.addresses import local_copy
from mmbarlow.checkpoints import unwrap
from mmbarlow.config import nodes
from mmbarlow.config_files import explained
from mmbarlow.convert.fitting import fit_model
from mmbarlow.convert.pretrained_init import fit_pretrained
from mmbarlow.engine.resuming import ResumingRunner
from mmbarlow.errors import InputError, printable


def check_start(cfg: Config) -> None:
    """Fill a network with the weights that the config names, before anything is written.

    Raises:
        InputError: a file in `load_from`, or in some `init_cfg` or `pretrained`, cannot be read or
            does not fit.
    """
    fit_pretrained()
    check_addresses(cfg.get('model') or {}, 'model')
    named = [n for n in nodes(dict(model=cfg.model)) if n.get('type') == 'Pretrained']
    named += [n for n in nodes(dict(model=cfg.model)) if n.get('pretrained')]
    path = cfg.get('load_from')
    if cfg.get('resume') or not (named or path):
        return
    with (
        explained('the config'),
        DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')),
    ):
        model = MODELS.build(cfg.model)
    if path:
        fit_model(model, path)
    if named and hasattr(model, 'init_weights'):
        logging.disable(logging.INFO)  # outside a Runner, MMEngine prints a line per tensor
        try:
            model.init_weights()
        finally:
            logging.disable(logging.NOTSET)


def check_addresses(node: object, key: str) -> None:
    """Raises InputError, with the key to change, for weights of a model that nobody fetched."""
    children = dict(enumerate(node)) if isinstance(node, list | tuple) else node
    if not isinstance(children, dict):
        return
    for name, value in children.items():
        weights = key.endswith('init_cfg') and name == 'checkpoint' or name == 'pretrained'
        if weights and isinstance(value, str):
            try:
                local_copy(value)
            except InputError as error:
                unset = key if name == 'checkpoint' else f'{key}.{name}'
                raise InputError(f'{error} For none: --cfg-options {unset}=None.') from error
        check_addresses(value, f'{key}.{name}')


class StartingRunner(ResumingRunner):
    """MMEngine's Runner trains what a file lacks from scratch, with a warning."""

    def dump_config(self) -> None:
        """Into the work dir, unless the config lies there: what people wrote stays as it is."""
        own = Path(self.cfg.filename or '.')
        if own.resolve() != Path(self.work_dir, own.name).resolve():
            super().dump_config()

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict:
        """What belongs to the model, of any file that `fit_model` takes.

        Raises:
            InputError: its backbone is not the model's.
        """
        if self._resume:
            return super().load_checkpoint(filename, *args, **kwargs)
        model = unwrap(self.model)
        found = fit_model(model, filename)
        model.load_state_dict(found.state, strict=False)
        checkpoint = dict(state_dict=model.state_dict())
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)  # for averages of weights
        self.logger.info(printable(f'load_from {filename} {found}'))
        return checkpoint
