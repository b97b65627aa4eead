"""A step from its dump, once more: where the first NaN or Inf arises."""

import re
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample
from torch import Tensor

from mmbarlow.checkpoints import check_fits, is_plain
from mmbarlow.config import load_config
from mmbarlow.config_files import explained
from mmbarlow.engine.generators import set_generators
from mmbarlow.engine.nonfinite_causes import broken_weights
from mmbarlow.engine.nonfinite_dump import dump_path, not_finite
from mmbarlow.engine.watch import Watch
from mmbarlow.errors import InputError
from mmbarlow.loss.errors import told_later
from mmbarlow.weight_files import is_array, read_plain

DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}
# What a dump of one process holds, by the kind of value that it must have.
OWN: dict[str, Any] = dict(step=int, processes=int, images=list, samples=list, generators=dict)
SHARED: dict[str, Any] = dict(state_dict=dict, runtime=dict, config_name=str, loss_scale=float)


@dataclass
class Replayed:
    """What a step has done when it was repeated."""

    verdict: str  # where the first NaN or Inf arises, a sentence
    forward: dict[str, float]  # largest absolute value of each module's output
    gradients: dict[str, float]  # the same of each parameter's gradient


def read_dump(path: str | Path) -> list[dict[str, Any]]:
    """The dumps of all processes of a step, of which the first has the weights.

    Raises:
        InputError: it is no dump, or one of another process is missing.
    """
    first = checked(path, OWN | SHARED)
    parts = [first]
    for process in range(1, min(first['processes'], 2**16)):
        parts.append(checked(dump_path(Path(path).parent, first['step'], process), OWN))
    return parts


def checked(path: str | Path, kinds: dict[str, Any]) -> dict[str, Any]:
    content = read_plain(path)
    odd = next((k for k, kind in kinds.items() if not isinstance(content.get(k), kind)), None)
    inputs = content.get('inputs')
    views = inputs if isinstance(inputs, list) else [inputs]
    if odd or not is_plain(content):
        raise InputError(f'{path} is no dump of a step of mmbarlow: look at its {odd or "values"}.')
    if not all(map(is_array, views)):
        raise InputError(f'{path} cannot be replayed: its batch has no list of views.')
    if lacking := {name for sample in content['samples'] for name in sample['left_out']}:
        raise InputError(
            f'{path} cannot be replayed: its samples have {", ".join(sorted(lacking))}, which are '
            'objects, and a dump holds tensors and plain values.'
        )
    return content


def config_of_dump(path: str | Path, content: dict, given: str | None) -> Config:
    """The config to build the network from: the one given, or that which the run left in its
    work dir. The text of it in the dump is for people and is never run.

    Raises:
        InputError: there is none.
    """
    name = content['config_name']
    beside = Path(path).parent.parent / name
    if given is None and not (re.fullmatch(r'[\w.-]+\.py', name) and beside.is_file()):
        raise InputError(f'the config of the run is not in {beside.parent}: give it with --config.')
    return load_config(given or beside)


def build(cfg: Config, content: dict, path: str | Path, device: str) -> Any:
    """The network of the dump, in training mode and eager."""
    cfg.model.pop('compile', None)
    if cfg.get('data_preprocessor'):
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    scope = DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine'))
    with explained('the config'), scope:
        model = MODELS.build(cfg.model)
    check_fits(model, content['state_dict'], path)
    model.load_state_dict(content['state_dict'])
    return model.to(device).train()


def replay(model: Any, parts: list[dict[str, Any]]) -> Replayed:
    """Repeat the step of the dumps, whose batches go through the network together."""
    first, device = parts[0], next(model.parameters()).device
    hub = MessageHub.get_instance(f'replay_{id(model)}')  # what ramps read of the run
    for key, value in first['runtime'].items():
        hub.update_info(key, value)
    with explained('the dump is damaged'):
        batch = joined(parts)
        set_generators(first['generators'], [device] if device.type == 'cuda' else [])
    images = [str(name) for part in parts for name in part['images']]
    dtype = DTYPES.get(str(first.get('autocast')))
    verdict = in_weights(model) or in_views(batch['inputs'], images, 'as it was loaded')
    with Watch(model) as watch:
        with torch.autocast(device.type, dtype) if dtype else nullcontext(), told_later():
            ready = model.data_preprocessor(batch, True)
            after = f'after {type(model.data_preprocessor).__name__}, which was given finite ones'
            verdict = verdict or in_views(ready['inputs'], images, after)
            losses = model(**ready, mode='loss')
        verdict = verdict or watch.verdict or in_terms(losses)
        total, _ = model.parse_losses(losses)
        (total * first['loss_scale']).backward()
        verdict = verdict or watch.verdict
    verdict = verdict or in_optimizer(first)
    grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    peaks = {name: grad.abs().max().item() for name, grad in grads.items()}
    finite = (
        f'the replay is finite, with a loss of {total.item():.6g}, and the run had '
        f'{first.get("loss")}: it is not reproduced here, which speaks for a fault of the '
        'hardware, or for other numbers on another device'
    )
    return Replayed(verdict or finite, watch.forward, peaks)


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The batch of all processes."""
    inputs = [part['inputs'] for part in parts]
    packed: dict[str, Tensor] = {}
    if isinstance(inputs[0], Tensor):
        joint = torch.cat(inputs)
        if own := [part['packed'] for part in parts if part.get('packed')]:
            packed = {key: torch.cat([one[key] for one in own]) for key in own[0]}
            lengths = torch.tensor([0, *map(len, inputs[:-1])]).cumsum(0)
            images = torch.tensor([len(one['parts']) for one in own])
            packed['parts'][..., 0] += lengths.repeat_interleave(images)[:, None]
    elif inputs[0][0].ndim == 3:  # images that differ in size
        joint = [image for images in inputs for image in images]
    else:
        joint = [torch.cat(views) for views in zip(*inputs, strict=True)]
    samples = []
    for values in (sample for part in parts for sample in part['samples']):
        sample = DataSample(metainfo=dict(values['meta']))
        sample.set_data(dict(values['data']))
        samples.append(sample)
    return dict(inputs=joint, data_samples=samples, **packed)


def in_weights(model: Any) -> str | None:
    weight = broken_weights(model)
    return f'it arose before: the parameter {weight} holds NaN or Inf' if weight else None


def in_views(inputs: Any, images: list[str], when: str) -> str | None:
    for number, bad in enumerate(not_finite(inputs)):
        if bad.any():
            index = int(bad.nonzero()[0])
            name = images[index] if index < len(images) else f'number {index}'
            return f'it arises in input view {number + 1} of {name}, {when}'
    return None


def in_terms(losses: dict[str, Tensor]) -> str | None:
    bad = next((k for k, v in losses.items() if 'loss' in k and not v.isfinite().all()), None)
    return bad and f'it arises in the loss, in its term {bad}; the embeddings are finite'


def in_optimizer(content: dict[str, Any]) -> str | None:
    states = content.get('optimizer', {}).get('state', {})
    for number, state in states.items():
        for key, value in state.items():
            if isinstance(value, Tensor) and not value.isfinite().all():
                return f'it is in the optimizer: {key} of its parameter {number} has NaN or Inf'
    return None
