"""Checkpoints: read, compared and written; only tensors and plain values are ever unpickled."""

import hashlib
from collections import Counter, OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmbarlow.addresses import local_copy
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.weight_files import is_array, read_plain


def guard_weights() -> None:
    """Have MMEngine, and all that loads through it, read weights with `read_checkpoint` alone.

    Its own readers unpickle anything, of files and of addresses: for `resume`, `load_from`,
    `last_checkpoint` and `init_cfg=dict(type='Pretrained')` of any OpenMMLab package.
    """
    CheckpointLoader.load_checkpoint = staticmethod(_load_for_mmengine)  # pyright: ignore


def _load_for_mmengine(filename: str, map_location: Any = None, logger: Any = None) -> dict:
    """`read_checkpoint` without the config, a text that `Runner.resume` would run as Python."""
    checkpoint = read_checkpoint(local_copy(filename), map_location)
    for key in ('cfg', 'config'):
        checkpoint.get('meta', {}).pop(key, None)
    if 'message_hub' in checkpoint:
        keep_plain(checkpoint)
    return checkpoint


def read_checkpoint(path: str | Path, map_location: Any = 'cpu') -> dict:
    """A checkpoint of OpenMMLab or a dict of tensors, read as `read_plain` reads files.

    Raises:
        InputError: it cannot be read so, or `state_dict` or `meta` are not what their names say.
    """
    checkpoint = read_plain(path, map_location)
    meta, state = checkpoint.get('meta', {}), checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise InputError(f'{path} is malformed: its state_dict is no dict of tensors by name.')
    odd = next((name for name, tensor in state.items() if not is_array(tensor)), None)
    if odd is not None and 'state_dict' in checkpoint:
        raise InputError(f'{path} is malformed: {odd!r} in its state_dict is no array of numbers.')
    if odd is not None or not state:
        raise InputError(
            f'{path} has no tensors where OpenMMLab has them: if it is of other code, use '
            'tools/convert_checkpoint.py first.'
        )
    if not isinstance(meta, dict):
        raise InputError(f'{path} is malformed: its meta is a {type(meta).__name__}, not a dict.')
    check_meta(meta, path)
    return checkpoint


# What is read of a checkpoint's meta, by the kind of value it must have.
META: dict[str, Any] = dict(epoch=int, iter=int, seed=int | None, wall_time_s=int | float)
META |= dict(model=str, pretrain_config=str, scale=str, encoder=str)
META |= dict(log=str, facts=dict, settings=dict)


def check_meta(meta: dict, path: str | Path) -> None:
    """Raises InputError if what is read of a checkpoint's meta is of another kind."""
    for key in META.keys() & meta.keys():
        value, kind = meta[key], META[key]
        fits = isinstance(value, kind) and not isinstance(value, bool)
        if fits and isinstance(value, dict):
            fits = all(v is None or isinstance(v, bool | int | float | str) for v in value.values())
            fits = fits and all(isinstance(k, str) for k in value)
        if not fits or isinstance(value, int | float) and not 0 <= value < 2**32:
            raise InputError(f'{path} is malformed: its meta says {key}={value!r:.50}.')


def keep_plain(checkpoint: dict) -> None:
    """Remove objects from a checkpoint of MMEngine, so that `read_checkpoint` accepts it.

    Those in `message_hub` hold the moving averages of MMEngine's log and need `getattr` to be
    unpickled. A resumed run starts these averages anew; the log files keep every value. Meta and
    schedules lose their other objects: what a data set says of itself, and functions that a
    schedule has of its own.
    """
    checkpoint['message_hub'] = dict(log_scalars={}, runtime_info={}, resumed_keys={})
    schedules = checkpoint.get('param_schedulers', [])
    for values in [checkpoint['meta'], *(schedules if isinstance(schedules, list) else [])]:
        for key in [key for key, value in values.items() if not is_plain(value)]:
            del values[key]


def is_plain(value: Any) -> bool:
    """Whether it consists of tensors, numbers, texts and plain containers."""
    if type(value) in (dict, OrderedDict, Counter):
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str, Tensor)


def unwrap(model: nn.Module) -> Any:
    """The model itself, without DDP around it."""
    return model.module if is_model_wrapper(model) else model


def export_backbone(backbone: nn.Module, meta: dict[str, Any], path: Path) -> None:
    """Write the backbone's tensors under their own names, and `meta`, atomically."""
    state = {name: tensor.cpu() for name, tensor in backbone.state_dict().items()}
    write_atomically(path, partial(torch.save, dict(state_dict=state, meta=meta)))


def check_fits(
    module: nn.Module,
    state: dict[str, Tensor],
    source: str | Path,
    cure: str = 'Use the config the checkpoint was trained with.',
) -> None:
    """Check that `state` has every tensor of `module`, in its shape, and no other.

    Raises:
        InputError: it does not fit; the message has the number and the first name of each fault.
    """
    compare(module.state_dict(), state, source, cure)


def compare(
    own: dict[str, Tensor], state: dict[str, Tensor], source: str | Path, cure: str
) -> None:
    """`check_fits` for tensors that are only a part of a module or of several modules."""
    faults = {
        'missing in the checkpoint': [k for k in own if k not in state],
        'left over': [k for k in state if k not in own],
        'of another shape': [k for k in own if k in state and own[k].shape != state[k].shape],
    }
    found = [f'{len(names)} tensors {what} ({names[0]})' for what, names in faults.items() if names]
    if found:
        raise InputError(
            f'{source} does not fit the model: {", ".join(found)} of {len(own)}. {cure}'
        )


def sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
