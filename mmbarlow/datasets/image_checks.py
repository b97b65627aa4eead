"""Decode all images of a data set to find those that cannot be read."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from torch.utils.data import Subset

from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_reading import image_data, name_of, open_rgb, opened
from mmbarlow.datasets.pixels import Pixels, dropped_and_blank, pixels_of, ranges
from mmbarlow.errors import BrokenImage, InputError

READ = {'img', 'img_path'}  # where a sample has its image
CHUNK = 64  # images handed to a process at a time


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings about one image."""

    path: str
    size: int = 0  # of the file, in bytes
    kind: str = ''  # JPEG, PNG, ...
    shape: tuple[int, int] = (0, 0)  # width and height, in pixels
    pixels: Pixels | None = None  # where it can be read
    reason: str = ''  # why it cannot be read; empty if it can
    digest: bytes = b''  # of the content of the file, the same for the same content


def images_of(source: str) -> ImageFolder | ImageArchive:
    """All images below a folder, or in an archive; what is left out is not logged.

    Raises:
        InputError: there is no such folder or archive, or it has no image.
    """
    if not os.path.exists(source):
        raise InputError(f'there is no folder or zip file {source}.')
    kind = ImageFolder if os.path.isdir(source) else ImageArchive
    return kind(source, quiet=True)


def check_images(dataset: BaseDataset, workers: int) -> Iterator[list[Checked]]:
    """Decode all images in `workers` processes; yields chunks of results in the data set's order.

    Raises:
        InputError: a process died while it decoded an image, or ran out of memory.
    """
    chunks = [range(i, min(i + CHUNK, len(dataset))) for i in range(0, len(dataset), CHUNK)]
    if workers == 1:
        _keep(dataset)
        yield from map(_check_chunk, chunks)
        return
    try:
        with ProcessPoolExecutor(workers, initializer=_keep, initargs=(dataset,)) as pool:
            yield from pool.map(_check_chunk, chunks)
    except BrokenProcessPool:
        raise InputError(
            'a process died while it decoded images, because memory ran out or a decoder failed: '
            'use fewer --workers, or check smaller parts of the data.'
        ) from None


def check_image(sample: dict) -> Checked:
    """Decode an image completely: a file, a member of an archive or an array."""
    path = name_of(sample)
    try:
        data = image_data(sample)
        image = open_rgb(data, path)
    except BrokenImage as error:
        return Checked(path, reason=error.reason)
    pixels = pixels_of(data, image)
    if not isinstance(data, bytes):
        return Checked(path, shape=image.size, pixels=pixels)
    with opened(data) as header:  # decoding has converted the image
        kind, digest = header.format or '', hashlib.blake2b(data, digest_size=16).digest()
        return Checked(path, len(data), kind, image.size, pixels, digest=digest)


_dataset: BaseDataset  # of this process: a worker gets it once and not with every chunk


def _keep(dataset: BaseDataset) -> None:
    global _dataset
    _dataset = dataset


def _check_chunk(indices: Sequence[int]) -> list[Checked]:
    return [check_image(_dataset.get_data_info(i)) for i in indices]


def check_sample(dataset: Any, number: int) -> list[Checked]:
    """Decode `number` images at equal distances of a data set, of MMEngine's kind or a `Subset`.

    One that has no images to read, such as one that makes them, gives none.
    """
    picked = np.unique(np.linspace(0, len(dataset) - 1, number).round().astype(int)).tolist()
    while isinstance(dataset, Subset):
        picked, dataset = [dataset.indices[i] for i in picked], dataset.dataset
    if not hasattr(dataset, 'get_data_info'):
        return []
    samples = [dataset.get_data_info(i) for i in picked]
    return [check_image(sample) for sample in samples if READ & sample.keys()]


def summary(results: Sequence[Checked]) -> Iterator[str]:
    """Lines on the number, formats, sizes and pixels of the images, and on why some are broken."""
    good = [r for r in results if not r.reason]
    yield f'images    {len(results):,}, {sum(r.size for r in good) / 1e6:,.1f} MB'
    if good:
        kinds = Counter(r.kind for r in good)
        yield 'formats   ' + ', '.join(f'{kind} {n:,}' for kind, n in kinds.most_common())
        ranked = sorted((r.shape for r in good), key=lambda shape: shape[0] * shape[1])
        least, median, most = ('{} x {}'.format(*ranked[i]) for i in (0, len(ranked) // 2, -1))
        yield f'sizes     from {least} by {median} (median) to {most}'
        images = [(r.path, r.pixels) for r in good if r.pixels]
        yield 'pixels    ' + ranges(pixels for _, pixels in images)
        yield from dropped_and_blank(images)
        yield from _equal_files(good)
    yield f'broken    {len(results) - len(good):,}'
    for reason, n in Counter(r.reason for r in results if r.reason).most_common():
        yield f'  {n:>7,} {reason}'


def _equal_files(images: Sequence[Checked]) -> Iterator[str]:
    first: dict[bytes, str] = {}
    files = [r for r in images if r.digest]
    originals = [first.setdefault(r.digest, r.path) for r in files]
    copies = [(r.path, of) for r, of in zip(files, originals, strict=True) if of != r.path]
    if copies:
        path, of = copies[0]
        yield f'equal     {len(copies):,} have the content of others; the first is {path}, as {of}'
