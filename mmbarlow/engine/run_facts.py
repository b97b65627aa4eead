"""What a run works on and what it runs with, which its config does not say."""

import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.runner import Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.datasets.paired_images import PairedImages
from mmbarlow.engine.run_settings import changed_settings, changes
from mmbarlow.engine.terminal import batch_size
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import world_size
from mmbarlow.zoo.provenance import hardware, versions

PROCESSES = 'number of processes'


def facts_of(runner: Runner) -> dict[str, Any]:
    """What may not change within a run, in words."""
    loader = runner.train_dataloader
    data, batch, processes = loader.dataset, batch_size(loader), world_size()
    facts = {
        'batch (of all processes)': batch and batch * processes,
        'accumulative_counts': getattr(runner.optim_wrapper, '_accumulative_counts', 1),
        'data set': type(data).__name__,
        'number of images': len(data),  # pyright: ignore[reportArgumentType]
        'names and sizes of the images (their hash)': _sample(data),
        'names and labels of all images in their order (their hash)': digest_of_names(data),
    }
    if isinstance(data, PairedImages):
        facts['names of all partners and which they may be of (their hash)'] = digest_of_pairs(data)
    if getattr(getattr(unwrap(runner.model), 'head', None), 'grad', None) == 'official':
        facts['number of processes, which divides the official gradient'] = processes
    if (seed := runner._randomness_cfg.get('seed')) is not None:
        facts['seed'] = seed
    return facts


def versions_of(runner: Runner) -> dict[str, Any]:
    """What may change, though not without another rounding of numbers, in words."""
    device = next(runner.model.parameters()).device  # pyright: ignore[reportAttributeAccessIssue]
    found = {
        PROCESSES: world_size(),
        'threads of a process': torch.get_num_threads(),
        'device': torch.cuda.get_device_name(device) if device.type == 'cuda' else device.type,
        'machine': hardware(),
        **versions(),
    }
    if device.type == 'cuda':
        found |= dict(CUDA=torch.version.cuda, cuDNN=torch.backends.cudnn.version())
    return found


def check_same_run(own: dict[str, Any], cfg: Config, meta: dict, path: str) -> None:
    """Raises InputError if one of the own facts is not that of the run that `path` is of."""
    saved = meta.get('facts', {}) | {k: meta[k] for k in ['seed'] if k in meta}
    shared = [key for key in own if key in saved]  # of an older version not all are there
    if changed := changes({k: saved[k] for k in shared}, {k: own[k] for k in shared}):
        told = changed_settings(meta, cfg) if 'settings' in meta else []
        changed += [setting for setting in told if setting.startswith('train_dataloader.dataset.')]
        raise InputError(
            f'{path} cannot be resumed with other data, another batch or another seed: '
            f'{"; ".join(changed)}. Give what its run had, or start anew from its weights: '
            f'--cfg-options load_from={path}'
        )


def digest_of_names(data: Any) -> str | None:
    """A hash of the names of all images in their order, and of their labels where they have any.

    It is the same wherever the folder is: what all names begin with does not count. Of images
    without names, as in arrays, it is one of 16 of them.
    """
    entries = list(_entries(data))
    if not entries:
        return None
    digest = hashlib.sha256()
    names = [name for name, _ in entries]
    if not any(names):
        for i in _some(len(data)):
            image = data.get_data_info(i).get('img')
            digest.update(image.tobytes() if hasattr(image, 'tobytes') else repr(image).encode())
    # the longest common beginning of two strings is that of all that are sorted between them
    root = os.path.commonprefix([min(names), max(names)]).rpartition('/')[0]
    text = '\n'.join(f'{name[len(root) :]} {label}' for name, label in entries)
    digest.update(text.encode(errors='backslashreplace'))
    return digest.hexdigest()[:12]


def digest_of_pairs(data: PairedImages) -> str:
    """A hash of the partners, and of which of them each image may get, wherever they lie."""
    names = [os.fsdecode(name) for name in data.partners.tolist()]
    digest = hashlib.sha256()
    root = os.path.commonprefix([min(names), max(names)]).rpartition('/')[0]
    digest.update('\n'.join(name[len(root) :] for name in names).encode(errors='backslashreplace'))
    for info in _serialized(data) if data.serialize_data else data.data_list:
        digest.update(f'{info["choices"]}'.encode())
    return digest.hexdigest()[:12]


def _entries(data: Any) -> Iterator[tuple[str, Any]]:
    """Name and label of each image."""
    if isinstance(data, BaseDataset) and data.serialize_data and len(data):
        infos = _serialized(data)  # a quarter of the time
    elif hasattr(data, 'get_data_info'):
        infos = map(data.get_data_info, range(len(data)))
    else:
        return
    for info in infos:
        yield str(info.get('img_path') or info.get('name') or ''), info.get('gt_label')


def _serialized(data: BaseDataset) -> Iterator[dict]:
    everything, start = memoryview(data.data_bytes), 0  # pyright: ignore[reportArgumentType]
    for end in data.data_address.tolist():
        yield pickle.loads(everything[start:end])
        start = end


def _sample(data: Any) -> str | None:
    """A hash of names and sizes of up to 16 files, the same wherever the folder is."""
    if not hasattr(data, 'get_data_info') or not len(data):
        return None
    digest = hashlib.sha256()
    for i in _some(len(data)):
        path = Path(str(data.get_data_info(i).get('img_path', '')))
        size = path.stat().st_size if path.is_file() else None
        digest.update(f'{path.name} {size}\n'.encode(errors='backslashreplace'))
    return digest.hexdigest()[:12]


def _some(length: int) -> list[int]:
    return sorted({round(k * (length - 1) / 15) for k in range(16)})
