"""Weights of any code for a network that is there: all of its backbone's tensors, or an error."""

import re
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from mmbarlow.addresses import local_copy
from mmbarlow.checkpoints import check_meta
from mmbarlow.convert.backbone import COUNTER
from mmbarlow.convert.differences import check_kind, difference
from mmbarlow.convert.foreign_files import read_foreign
from mmbarlow.convert.sources import Source, find_layout, sort_out, tensors_of
from mmbarlow.errors import InputError
from mmbarlow.weight_files import is_array

# mmpretrain's transformers resize these to their own size while they load them.
RESIZED = re.compile(r'(.*\.)?(pos_embed|relative_position_bias_table|relative_position_index)')
OF_TIMM = 'timm_model.'
AVERAGED = re.compile(r'momentum|ema|teacher|target|key|_k\b')  # copies of the trained network


@dataclass(frozen=True)
class Fit:
    """What of a file belongs to a module, under the module's own names, and that in words."""

    state: dict[str, Tensor]
    layout: str
    matched: str

    def __str__(self) -> str:
        return f'({self.layout}): {self.matched}'


def read_weights(path: Any) -> dict:
    """A file of weights of any code, with a sound `meta` if it has one.

    Raises:
        InputError: it cannot be read, see `read_foreign`.
    """
    checkpoint = read_foreign(local_copy(path))
    meta = checkpoint.get('meta', {})
    if not isinstance(meta, dict):
        raise InputError(f'{path} is malformed: its meta is a {type(meta).__name__}, not a dict.')
    check_meta(meta, path)
    return checkpoint


def fit_model(model: nn.Module, path: Any) -> Fit:
    """The tensors of a file for a model: all of its `backbone`, and of its other parts those of the
    same names and shapes.

    Raises:
        InputError: the file cannot be read, or its backbone is not that of the model.
    """
    checkpoint = read_weights(path)
    if not isinstance(getattr(model, 'backbone', None), nn.Module):
        return fit_module(model, path, checkpoint=checkpoint)
    found = fit_module(model.get_submodule('backbone'), path, checkpoint=checkpoint)
    state = {f'backbone.{name}': tensor for name, tensor in found.state.items()}
    tensors, own = tensors_of(checkpoint), model.state_dict()
    words, anew = [f'backbone {found.matched}'], []
    parts = [*(name.split('.')[0] for name in own), *dict(model.named_children())]
    for part in dict.fromkeys(parts):
        names = [name for name in own if name.split('.')[0] == part]
        fits = [n for n in names if n in tensors and tensors[n].shape == own[n].shape]
        if fits and part != 'backbone':
            state |= _finite({name: tensors[name] for name in fits}, path)
            words.append(f'{part} {len(fits)} of {len(names)}')
        elif part not in ('backbone', 'data_preprocessor') and (names or len(words) == 1):
            anew.append(part)
    more = f'; {" and ".join(anew)} start{"s" * (len(anew) == 1)} anew' if anew else ''
    return Fit(state, found.layout, ', '.join(words) + more)


def fit_module(
    module: nn.Module, path: Any, prefix: str | None = None, checkpoint: dict | None = None
) -> Fit:
    """The tensors of a file for a module, of which none may be missing or of another shape.

    Args:
        module: a backbone, or what `prefix` names.
        path: the file.
        prefix: of the names in the file; by default that of the code that wrote it.
        checkpoint: the content of the file, if it is read already.

    Raises:
        InputError: the file cannot be read, or is of another network.
    """
    checkpoint = read_weights(path) if checkpoint is None else checkpoint
    own = module.state_dict()
    name, layout, state = _named_as(own, checkpoint, prefix, path)
    counters = {k for k in own.keys() - state.keys() if k.endswith(COUNTER)}
    counters = {k for k in counters if k.replace(COUNTER, '.running_mean') in state}
    shared = [name for name in own if name in state]
    misfits = [name for name in own if name not in state and name not in counters]
    misfits += [n for n in shared if state[n].shape != own[n].shape and not RESIZED.fullmatch(n)]
    # A deeper network has all of a shallower one, and more in the same stages.
    stages = {name.split('.')[0] for name in own}
    more = [name for name in state if name not in own and name.split('.')[0] in stages]
    if misfits or more:
        raise InputError(f'{path} does not fit: {difference(own, state, misfits, more)}.')
    check_kind(module, checkpoint, layout, state, path)
    kept = _finite({name: state[name] for name in shared}, path)
    old = f' ({len(counters)} counters of BN, which old files lack, start at 0)' if counters else ''
    return Fit(kept, name, f'{len(kept)} of {len(own)} tensors{old}')


def _named_as(
    own: dict, checkpoint: dict, prefix: str | None, path: Any
) -> tuple[str, Source | None, dict[str, Tensor]]:
    """Of the ways to name the file's tensors, the one with most names of `own`: what it is called,
    the layout, and the tensors."""
    tensors = tensors_of(checkpoint)
    if prefix:
        prefix = f'{prefix.rstrip(".")}.'
        if chosen := _below(tensors, prefix):
            return f'after {prefix}', None, chosen
        held = ', '.join(list(tensors)[:3]) or 'nothing'
        raise InputError(f'no tensor of {path} is named {prefix}...: it has {held}.')
    plain = 'mm' if 'meta' in checkpoint else 'plain names'
    ways: list[tuple[str, Source | None, dict]] = [(plain, None, tensors)]
    if layout := find_layout(checkpoint):
        ways.insert(0, (layout.name, layout, sort_out(checkpoint, path)[1]))
    first = next(iter(own), '')
    found = {n.removesuffix(first) for n in tensors if first and n.endswith(f'.{first}')}
    averages_last = sorted(found, key=lambda name: (bool(AVERAGED.search(name)), name))
    ways += [(f'after {name}', None, _below(tensors, name)) for name in averages_last]
    if first.startswith(OF_TIMM):  # mmpretrain's TIMMBackbone; the classifier stays out
        parts = {n.split('.')[1] for n in own}
        inner = {OF_TIMM + n: t for n, t in tensors.items() if n.split('.')[0] in parts}
        ways.append(('timm', None, inner))
    return max(ways, key=lambda way: len(own.keys() & way[2].keys()))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _finite(tensors: dict[str, Tensor], path: Any) -> dict[str, Tensor]:
    bad = next((n for n, t in tensors.items() if not (is_array(t) and t.isfinite().all())), None)
    if bad is not None:
        raise InputError(
            f'{path}: {bad} is no array of finite numbers: its training diverged, or the file is '
            'damaged.'
        )
    return tensors
