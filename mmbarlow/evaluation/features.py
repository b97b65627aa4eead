"""The features of a data set, as every protocol takes them."""

from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import all_gather, all_gather_object, get_world_size
from mmengine.logging import print_log
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from mmbarlow.datasets.passed_over import say_once
from mmbarlow.errors import InputError
from mmbarlow.launch import together
from mmbarlow.models.pooling import pooled
from mmbarlow.progress import progress

ANNOUNCED_FROM = 2**30  # bytes; less needs no planning
GATHERED_BYTES = 2**28  # by all processes together, in one exchange


class Features(NamedTuple):
    """What a frozen network makes of a data set, on the CPU.

    features: shape (N, C), float32, or float16 to save memory.
    labels: shape (N,), int64, from 0; or, where an image can belong to several classes,
        (N, classes), int64: 1 for yes, 0 for no, -1 for undecided, which is not counted.
    """

    features: Tensor
    labels: Tensor


@torch.no_grad()
def dataset_features(model: BaseModel, loader: DataLoader, dtype: str = 'float32') -> Features:
    """Run `model` in eval mode over the images of `loader`, each process on its share.

    Args:
        model: takes images (n, 3, H, W) in the mode 'tensor' and returns (n, C), or, as
            mmpretrain's algorithms do, what the backbone returns, which is then `pooled`.
            Afterwards it is in train or eval mode as it was before.
        loader: labeled images in a fixed order, by MMEngine's DefaultSampler with shuffle=False.
        dtype: the type the features are held in, 'float32' or 'float16', whatever type the
            network computes in.

    Returns:
        The features of all images, in the order of the data set, the same in each process. A
        gigabyte or more is announced in the log before it is allocated. Images that
        `mmbarlow.datasets.readable_images` has replaced are left out, with a line in the log.

    Raises:
        InputError: there are no images, or their labels are missing or of different lengths.
    """
    if not (size := len(loader.dataset)):  # pyright: ignore[reportArgumentType]
        raise InputError('the data set has no images to evaluate: check its list and folder.')
    *own, broken = together(lambda: _own_share(model, loader, getattr(torch, dtype)))
    if get_world_size() > 1:
        own = [_interleave(x, size) for x in own]
    features, labels, there = own
    for path, reason in sorted({pair for part in all_gather_object(broken) for pair in part}):
        say_once(f'broken image among the labeled ones, left out: {path} ({reason})')
    return Features(features, labels) if there.all() else Features(features[there], labels[there])


def _own_share(
    model: BaseModel, loader: DataLoader, dtype: torch.dtype
) -> tuple[Tensor, Tensor, Tensor, list[tuple[str, str]]]:
    """Features and labels of this process's images, in the order of its sampler; which of them are
    not in the place of another one; and those others, with the reasons."""
    was_training = model.training
    model.eval()
    done, features, labels, skipped = 0, torch.empty(0), [], []
    for batch in progress(loader, 'features'):
        batch = model.data_preprocessor(batch, False)
        new = pooled(model(batch['inputs'], mode='tensor'))
        if not done:
            size = len(loader.dataset)  # pyright: ignore[reportArgumentType]
            announce_memory(f'{size:,} features in each process', size, new.shape[1], dtype)
            features = torch.empty(len(loader.sampler), new.shape[1], dtype=dtype)  # pyright: ignore[reportArgumentType]
        features[done : done + len(new)] = new
        done += len(new)
        labels += [label_of(sample) for sample in batch['data_samples']]
        skipped += [sample.get('skipped') or () for sample in batch['data_samples']]
    model.train(was_training)
    if len({label.shape for label in labels}) > 1:
        raise InputError(
            'the images have labels of different lengths: where an image can belong to several '
            'classes, give a number for each class (1, 0 or -1), as mmbarlow.VOC07 does.'
        )
    there = torch.tensor([not pairs for pairs in skipped])
    return features[:done], torch.stack(labels), there, [pairs[0] for pairs in skipped if pairs]


def label_of(sample) -> Tensor:
    """The class as a number (), or 1, 0 or -1 for each class, (classes,)."""
    if 'gt_label' not in sample:
        raise InputError('evaluation needs labels, and this data set has none.')
    return sample.gt_label.cpu().squeeze()


def unit_rows(features: Tensor) -> np.ndarray:
    """Rows divided by their L2 norm plus 1e-5, in float64."""
    x = features.double().numpy()
    return x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-5)


def announce_memory(what: str, rows: int, columns: int, dtype: torch.dtype) -> None:
    """Log how much memory is needed, so that nobody learns only an hour later that it is short."""
    size = rows * columns * dtype.itemsize
    if size >= ANNOUNCED_FROM:
        kind = str(dtype).removeprefix('torch.')
        print_log(f'{what}: {rows:,} x {columns:,} in {kind}, {size / 1e9:.1f} GB', 'current')


def _interleave(own: Tensor, size: int) -> Tensor:
    """Undo DefaultSampler: (n, ...) in each of W processes to all of the data, (size, ...).

    Process r has the samples r, r + W, r + 2W, ... and, at the end, a few from the beginning again
    so that all have the same number. They are gathered in blocks, which must fit on a GPU.
    """
    world_size = get_world_size()
    rows = max(1, GATHERED_BYTES // (world_size * own[0].nbytes))
    whole = own.new_empty(size, *own.shape[1:])
    for start in range(0, len(own), rows):
        parts = all_gather(own[start : start + rows])
        block = torch.stack(parts, dim=1).flatten(0, 1)
        at = start * world_size
        whole[at : at + len(block)] = block[: size - at]
    return whole
