"""Decode all images of a data set to find those that cannot be read."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from torch.utils.data import Subset

from mmbarlow.datasets.checked_image import Checked, check_image
from mmbarlow.datasets.hdf5_images import SUFFIXES, HDF5Images
from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.number_table import NumberTable
from mmbarlow.datasets.pixels import dropped_and_blank, ranges
from mmbarlow.datasets.values import Values
from mmbarlow.errors import InputError

READ = {'img', 'img_path'}  # where a sample has its image
CHUNK = 64  # images handed to a process at a time


def images_of(source: str) -> ImageFolder | ImageArchive | HDF5Images:
    """All images below a folder, in a zip file or in an HDF5 file; what is left out is not logged.

    Raises:
        InputError: there is no such folder or file, or it has no image.
    """
    if not os.path.exists(source):
        raise InputError(f'there is no folder or zip file {source}.')
    if os.path.isdir(source):
        return ImageFolder(source, quiet=True)
    kind = HDF5Images if source.lower().endswith(SUFFIXES) else ImageArchive
    return kind(source, quiet=True)


def check_images(
    dataset: BaseDataset, workers: int, picture: bool = True
) -> Iterator[tuple[list[Checked], NumberTable]]:
    """Decode all images in `workers` processes; yields chunks of results in the data set's order,
    each with the numbers of its images (`picture`: see `NumberTable`).

    Raises:
        InputError: a process died while it decoded an image, or ran out of memory.
    """
    chunks = [range(i, min(i + CHUNK, len(dataset))) for i in range(0, len(dataset), CHUNK)]
    if workers == 1:
        _keep(dataset, picture)
        yield from map(_check_chunk, chunks)
        return
    try:
        with ProcessPoolExecutor(workers, initializer=_keep, initargs=(dataset, picture)) as pool:
            yield from pool.map(_check_chunk, chunks)
    except BrokenProcessPool:
        raise InputError(
            'a process died while it decoded images, because memory ran out or a decoder failed: '
            'use fewer --workers, or check smaller parts of the data.'
        ) from None


_dataset: BaseDataset  # of this process: a worker gets it once and not with every chunk
_picture: bool


def _keep(dataset: BaseDataset, picture: bool) -> None:
    global _dataset, _picture
    _dataset, _picture = dataset, picture


def _check_chunk(indices: Sequence[int]) -> tuple[list[Checked], NumberTable]:
    table = NumberTable(_picture)
    return [check_image(_dataset.get_data_info(i), table) for i in indices], table


def check_sample(
    dataset: Any, number: int, table: NumberTable | None = None, side: int = 0
) -> list[Checked]:
    """Decode `number` images at equal distances of a data set, of MMEngine's kind or a `Subset`.

    One that has no images to read, such as one that makes them, gives none. `table` counts their
    numbers, see `check_image`. Of pairs, `side` 0 is the first image and 1 its partner.
    """
    picked = np.unique(np.linspace(0, len(dataset) - 1, number).round().astype(int)).tolist()
    while isinstance(dataset, Subset):
        picked, dataset = [dataset.indices[i] for i in picked], dataset.dataset
    if not hasattr(dataset, 'get_data_info'):
        return []
    samples = [dataset.get_data_info(i) for i in picked]
    if side:
        samples = [dict(sample, img_path=sample['pair_path']) for sample in samples]
    return [check_image(sample, table) for sample in samples if READ & sample.keys()]


def values_in(dataset: Any, side: int = 0) -> Values | None:
    """What the views of a data set, of MMEngine's kind or a `Subset`, make of its numbers; of
    pairs, of those of the image on this `side`."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    found = (getattr(step, 'values', None) for step in steps)
    found = (values[side] if isinstance(values, list) else values for values in found)
    return next((values for values in found if isinstance(values, Values)), None)


def summary(results: Sequence[Checked]) -> Iterator[str]:
    """Lines on the number, formats, sizes and pixels of the images, and on why some are broken."""
    good = [r for r in results if not r.reason]
    size = sum(r.size for r in good)  # of files; arrays have none
    yield f'images    {len(results):,}' + f', {size / 1e6:,.1f} MB' * (size > 0)
    if good:
        kinds = Counter(r.kind for r in good)
        yield 'formats   ' + ', '.join(
            f'{kind or "arrays"} {n:,}' for kind, n in kinds.most_common()
        )
        ranked = sorted((r.shape for r in good), key=lambda shape: shape[0] * shape[1])
        least, median, most = ('{} x {}'.format(*ranked[i]) for i in (0, len(ranked) // 2, -1))
        yield f'sizes     from {least} by {median} (median) to {most}'
        images = [(r.path, r.pixels) for r in good if r.pixels]
        if images:
            yield 'pixels    ' + ranges(pixels for _, pixels in images)
        yield from dropped_and_blank(images)
        if turned := sum(r.turned for r in good):
            yield f'turned    {turned:,} have an EXIF orientation, which is not applied'
        for needs, n in Counter(r.needs for r in good if r.needs).most_common():
            yield f'options   {n:,} of {needs}'
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
