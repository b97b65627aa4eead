"""Making a file of decoded images (`mmbarlow.RawCache`) of a folder or a zip file."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader, Dataset

from mmbarlow.datasets import jpeg
from mmbarlow.datasets.image_reading import image_data, name_of, open_array
from mmbarlow.datasets.image_sources import image_source
from mmbarlow.datasets.raw_cache_format import ROW, START, read_contents, write_contents
from mmbarlow.datasets.size_limit import too_many
from mmbarlow.datasets.twin_views import is_rgb
from mmbarlow.errors import BrokenImage, InputError
from mmbarlow.files import write_atomically
from mmbarlow.progress import progress

LONGEST = 16  # an image has at most so many times the pixels of the square of its shorter side
BATCH = 16  # images that a worker hands over at a time


class Written(NamedTuple):
    """What became of the images."""

    count: int
    size: int  # of the file, in bytes
    classes: tuple[str, ...]
    broken: list[tuple[str, str]]  # names and reasons
    known: bool = False  # the file was there already


def write_cache(
    source: str, path: Path, side: int = 256, workers: int = 1, force: bool = False
) -> Written:
    """Decode all images of a folder, zip file or list once, and write them into one file.

    The shorter side of each becomes `side` pixels, by an antialiased bicubic filter; smaller images
    stay as they are. Those that cannot be read are left out. If all have a folder of their own
    below `source`, these are their classes. The file appears when it is whole.

    Raises:
        InputError: there is no image, none can be read, the file is there and is of other images,
            it cannot be written, or a process that decodes has died.
    """
    dataset = image_source([source])
    names, sizes = originals_of(dataset, source)
    hashed = hashlib.blake2b(digest_size=16)
    for name, size in zip(names, sizes, strict=True):
        hashed.update(os.fsencode(f'{name}\0{size}\0'))
    if path.exists() and not force:
        return _known(path, source, side, hashed.hexdigest())
    classes = _classes(names) if os.path.exists(source) else ()
    broken: list[tuple[str, str]] = []
    rows = np.zeros(len(names), ROW)
    rows['bytes'] = sizes
    rows['label'] = [classes.index(name.split('/')[0]) for name in names] if classes else -1

    def write(to: Path) -> None:
        place, kept = START, []
        with to.open('wb') as file:
            file.write(bytes(START))
            found = _decoded(dataset, side, workers)
            for i, (shape, pixels, reason) in enumerate(progress(found, 'decoding', len(names))):
                if reason:
                    broken.append((names[i], reason))
                    continue
                rows[['start', 'height', 'width']][i] = place, *shape
                file.write(pixels.numpy().data)
                place += pixels.numel()
                kept.append(i)
            if not kept:
                name, reason = broken[0]
                raise InputError(
                    f'no image of {source} can be read, the first is {name} ({reason}).'
                )
            about = dict(classes=classes, side=side, digest=hashed.hexdigest())
            write_contents(file, rows[kept], [names[i] for i in kept], about)

    write_atomically(path, write)
    return Written(len(names) - len(broken), path.stat().st_size, classes, broken)


def originals_of(dataset: Any, source: str) -> tuple[list[str], list[int]]:
    """Names, relative to the folder or in the archive, and sizes of all images of a data set."""
    names, sizes = [], []
    root = os.path.expanduser(source)
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        path = info['img_path']
        names.append(os.path.relpath(path, root) if path.startswith(root) else path)
        if 'member' in info:
            sizes.append(info['member'][3])
        else:
            sizes.append(os.path.getsize(path) if os.path.isfile(path) else 0)
    return names, sizes


def _known(path: Path, source: str, side: int, digest: str) -> Written:
    """Of a file that is the wanted one already; raises InputError if it is another one."""
    contents = read_contents(str(path))
    if (contents.about.get('digest'), contents.about.get('side')) != (digest, side):
        raise InputError(
            f'{path} is a cache of other images than {source} has now, or of another size: take '
            'another file, or --force to replace it.'
        )
    return Written(len(contents.rows), path.stat().st_size, contents.classes, [], True)


def _classes(names: list[str]) -> tuple[str, ...]:
    folders = {name.split('/')[0] for name in names}
    return tuple(sorted(folders)) if all('/' in name for name in names) else ()


def shrunken(sample: dict, side: int) -> np.ndarray:
    """An image (h, w, 3), uint8, with `side` pixels on its shorter side; raises BrokenImage."""
    data, path, image = image_data(sample), name_of(sample), None
    sides = jpeg.size_of(data) if isinstance(data, bytes) else None
    if sides and isinstance(data, bytes):
        if reason := too_many(*sides):
            raise BrokenImage(path, reason)
        image = jpeg.decode(data, *sides, jpeg.reduction(np.array([[0, 0, *sides]]), side))
    if image is None:
        image = data if is_rgb(data) else open_array(data, path)
        sides = image.shape[1], image.shape[0]
    assert sides is not None
    width, height = sides
    scale = min(1, side / min(sides), (LONGEST * side * side / (width * height)) ** 0.5)
    wanted = max(1, round(height * scale)), max(1, round(width * scale))
    if image.shape[:2] == wanted:
        return image
    planes = torch.from_numpy(image.copy())[None].permute(0, 3, 1, 2)
    resized = interpolate(planes, wanted, mode='bicubic', antialias=True)
    return resized[0].permute(1, 2, 0).contiguous().numpy()


class _Shrunken(Dataset):
    """The images of a data set in batches, each with all its pixels in one tensor."""

    def __init__(self, dataset: Any, side: int) -> None:
        self.dataset, self.side = dataset, side

    def __len__(self) -> int:
        return -(-len(self.dataset) // BATCH)

    def __getitem__(self, batch: int) -> tuple[list[tuple[tuple[int, ...], str]], Tensor]:
        about, images = [], [np.zeros(0, np.uint8)]
        for i in range(batch * BATCH, min((batch + 1) * BATCH, len(self.dataset))):
            try:
                image = shrunken(self.dataset.get_data_info(i), self.side)
            except BrokenImage as error:
                about.append(((0, 0), error.reason))
                continue
            about.append((image.shape[:2], ''))
            images.append(image.ravel())
        return about, torch.from_numpy(np.concatenate(images))


def _decoded(
    dataset: Any, side: int, workers: int
) -> Iterator[tuple[tuple[int, ...], Tensor, str]]:
    """Of each image its shape, its pixels and why it cannot be read; a few batches are ahead."""
    processes = workers if workers > 1 else 0
    loader = DataLoader(_Shrunken(dataset, side), batch_size=None, num_workers=processes)
    try:
        for about, pixels in loader:
            parts = pixels.split([3 * height * width for (height, width), _ in about])
            for (shape, reason), part in zip(about, parts, strict=True):
                yield shape, part, reason
    except RuntimeError as error:
        if 'worker' not in str(error):
            raise
        raise InputError(
            'a process died while it decoded images, because memory ran out or a decoder failed: '
            'use fewer --workers, or `mmbarlow verify` to find the image.'
        ) from None
