"""What a step with NaN or Inf was, in a file that `tools/replay.py` repeats it from."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from mmbarlow.checkpoints import is_plain
from mmbarlow.engine.bf16 import BF16OptimWrapper
from mmbarlow.engine.generators import generator_states, set_generators
from mmbarlow.engine.step_guard import Step
from mmbarlow.files import write_atomically
from mmbarlow.loss.distributed import rank, world_size

SMALL = 2**26  # bytes of optimizer state that are written without being asked for
FOLDER = 'dumps'  # in the work dir, apart from the checkpoints
MOST = 5  # dumps in a work dir; more would fill the disk of a run that skips
PACKED = 'numbers', 'parts'  # of a batch of `mmbarlow.pack_crops`, beside its inputs


def dump_path(folder: str | Path, step: int, process: int = 0) -> Path:
    """Of each process its own: only the first one has the weights."""
    return Path(folder, f'nonfinite_step_{step}' + f'_rank{process}' * (process > 0) + '.pth')


def write_dump(runner: Runner, model: nn.Module, step: Step, with_optimizer: bool) -> Path | None:
    """Write the dump of this process; None if there are `MOST` of other steps already.

    Raises:
        InputError: it cannot be written.
    """
    path = dump_path(Path(runner.work_dir, FOLDER), step.number, rank())
    others = set(path.parent.glob('nonfinite_step_*.pth')) - {path}
    if len([p for p in others if '_rank' not in p.name]) >= MOST:
        return None
    content = own_part(step)
    if rank() == 0:
        content |= shared_part(runner, model, with_optimizer)
    write_atomically(path, partial(torch.save, content))
    return path


def own_part(step: Step) -> dict[str, Any]:
    """What differs between processes."""
    inputs, samples = parts(step.batch)
    values = step.peaks.tolist() if step.peaks is not None else []
    peaks = list(zip(step.names, values, strict=True))
    return dict(
        step=step.number,
        processes=world_size(),
        loss=float(step.loss) if step.loss is not None else None,
        told=list(step.told),
        gradients=dict(peaks[: step.gradients]),
        buffers=dict(peaks[step.gradients :]),
        images=image_names(step.batch),
        keys=[list(key) if key else None for key in map(key_of_sample, samples)],
        inputs=tree_map(lambda x: x.cpu(), inputs),
        packed={key: step.batch[key] for key in PACKED if inputs is not None and key in step.batch},
        samples=[plain_sample(sample) for sample in samples],
        generators=step.generators,
    )


def shared_part(runner: Runner, model: nn.Module, with_optimizer: bool) -> dict[str, Any]:
    """What all processes have alike: weights and buffers are those of before the step."""
    wrapper: Any = runner.optim_wrapper
    mixed = {BF16OptimWrapper: 'bfloat16', AmpOptimWrapper: 'float16'}
    dtype = next((d for kind, d in mixed.items() if isinstance(wrapper, kind)), None)
    if getattr(wrapper, 'cast_dtype', None):
        dtype = str(wrapper.cast_dtype).removeprefix('torch.')
    scaler = getattr(wrapper, 'loss_scaler', None)
    history = runner.message_hub.log_scalars.items()
    content = dict(
        state_dict={name: tensor.detach().cpu() for name, tensor in model.state_dict().items()},
        epoch=runner.epoch,
        rates=wrapper.get_lr(),
        runtime={k: v for k, v in runner.message_hub.runtime_info.items() if type(v) is int},
        logged={key: float(b.current()) for key, b in history if len(b.data[0])},
        autocast=dtype,
        loss_scale=float(scaler.get_scale()) if scaler else 1.0,
        config=runner.cfg.pretty_text,
        config_name=Path(runner.cfg.filename or '').name,
    )
    state = wrapper.state_dict()
    leaves = tree_leaves(state)
    size = sum(t.nbytes for t in leaves if isinstance(t, Tensor))
    if is_plain(state) and (with_optimizer or size <= SMALL):
        content['optimizer'] = state
    return content


def parts(batch: Any) -> tuple[Any, list]:
    """The tensors of a batch and its samples, where it has them by these names."""
    if not isinstance(batch, dict):
        return None, []
    return batch.get('inputs'), list(batch.get('data_samples') or [])


def plain_sample(sample: Any) -> dict[str, Any]:
    """A data sample of OpenMMLab, with the names of the fields that are left out: objects."""
    meta, fields = dict(getattr(sample, 'metainfo', {})), dict(getattr(sample, 'items', dict)())
    data = {name: value for name, value in fields.items() if name not in meta}
    return dict(
        meta={name: value for name, value in meta.items() if is_plain(value)},
        data={name: value for name, value in data.items() if is_plain(value)},
        left_out=[name for name, value in data.items() if not is_plain(value)],
    )


def key_of_sample(sample: Any) -> tuple | None:
    """What its views were drawn from: seed, epoch and index."""
    return getattr(getattr(sample, 'sample_idx', None), 'key', None)


def image_names(batch: Any) -> list[str]:
    """What messages call the images of a batch: their paths, or their places in the data."""
    _, samples = parts(batch)
    named = [(getattr(s, 'img_path', None), getattr(s, 'sample_idx', '?')) for s in samples]
    return [str(path or f'image {int(i) if i != "?" else i}') for path, i in named]


@torch.no_grad()
def bad_views(model: Any, step: Step) -> tuple[int, list[str]]:
    """How many views of a batch hold NaN or Inf when the network gets them, and of which images."""
    device = next(model.parameters()).device
    devices = [device] if device.type == 'cuda' else []
    now = generator_states(devices)
    set_generators(step.generators, devices)
    ready = model.data_preprocessor(step.batch, True) if isinstance(step.batch, dict) else {}
    set_generators(now, devices)
    names = image_names(step.batch)
    for batch in (step.batch, ready):
        rows = [row for row in not_finite(parts(batch)[0]) if row.any()]
        if rows:
            wrong = torch.stack(rows).any(0).nonzero().flatten().tolist()
            named = [names[i] if i < len(names) else f'image {i}' for i in wrong]
            return sum(int(row.sum()) for row in rows), named
    return 0, []


def not_finite(inputs: Any) -> list[Tensor]:
    """For each view of a batch, which of its images (n,) hold NaN or Inf."""
    if isinstance(inputs, Tensor):
        inputs = [inputs] if inputs.ndim > 1 else []  # a row of packed images is uint8
    views = [x for x in inputs or () if isinstance(x, Tensor)]
    if views and views[0].ndim == 3:  # one view, of images that differ in size
        return [torch.tensor([not x.isfinite().all() for x in views])]
    return [~x.flatten(1).isfinite().all(1) for x in views]
