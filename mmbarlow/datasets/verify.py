"""Decoding all images of a data set, to find those that cannot be read."""

import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from mmengine.dataset import BaseDataset
from PIL import Image

from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.images import open_rgb, read
from mmbarlow.errors import BrokenImage, InputError

CHUNK = 64  # images given to a process at a time


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of an image after it was decoded."""

    path: str
    size: int = 0  # of the file, in bytes
    kind: str = ''  # JPEG, PNG, ...
    shape: tuple[int, int] = (0, 0)  # width and height, in pixels
    reason: str = ''  # why it cannot be read, if so


def images_of(source: str) -> BaseDataset:
    """All images below a folder, or in an archive.

    Raises:
        InputError: there is none of the two, or it has no image.
    """
    if not os.path.exists(source):
        raise InputError(f'there is no folder or zip file {source}.')
    return ImageFolder(source) if os.path.isdir(source) else ImageArchive(source)


def check_all(dataset: BaseDataset, workers: int) -> Iterator[list[Checked]]:
    """Decode all images in `workers` processes; gives chunks of results in the data set's order.

    Raises:
        InputError: a process died, of an image or for want of memory.
    """
    chunks = [range(i, min(i + CHUNK, len(dataset))) for i in range(0, len(dataset), CHUNK)]
    if workers == 1:
        yield from map(partial(_check_chunk, dataset), chunks)
        return
    try:
        with ProcessPoolExecutor(workers, initializer=_keep, initargs=(dataset,)) as pool:
            yield from pool.map(_check_kept, chunks)
    except BrokenProcessPool:
        raise InputError(
            'a process died while it decoded, for want of memory or of a fault in a decoder: '
            'take fewer --workers, or look through smaller parts.'
        ) from None


def _check_chunk(dataset: BaseDataset, indices: Sequence[int]) -> list[Checked]:
    return [check(dataset.get_data_info(i)) for i in indices]


def check(sample: dict) -> Checked:
    """Decode an image in whole."""
    path = sample['img_path']
    try:
        data = read(sample)
        image = open_rgb(data, path)
    except BrokenImage as error:
        return Checked(error.path, reason=error.reason)
    assert isinstance(data, bytes)
    with Image.open(io.BytesIO(data)) as header:  # of the file; decoding has converted the image
        return Checked(path, len(data), header.format or '', image.size)


_dataset: BaseDataset  # of a worker: handed over once, not with every chunk


def _keep(dataset: BaseDataset) -> None:
    global _dataset
    _dataset = dataset


def _check_kept(indices: Sequence[int]) -> list[Checked]:
    return _check_chunk(_dataset, indices)


def summary(results: Sequence[Checked]) -> Iterator[str]:
    """Lines that say what images there are, and what is wrong with how many."""
    good = [r for r in results if not r.reason]
    megabytes = sum(r.size for r in good) / 1e6
    yield f'images    {len(results):,}, {megabytes:,.1f} MB'
    if good:
        kinds = Counter(r.kind for r in good)
        yield 'formats   ' + ', '.join(f'{kind} {n:,}' for kind, n in kinds.most_common())
        ranked = sorted((r.shape for r in good), key=lambda shape: shape[0] * shape[1])
        picked = (ranked[0], ranked[len(ranked) // 2], ranked[-1])
        least, median, most = (f'{w} x {h}' for w, h in picked)
        yield f'sizes     from {least} by {median} (median) to {most}'
    yield f'broken    {len(results) - len(good):,}'
    reasons = Counter(r.reason for r in results if r.reason)
    for reason, n in reasons.most_common():
        yield f'  {n:>7,} {reason}'
