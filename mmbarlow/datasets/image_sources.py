"""Images as a command line names them: a folder, a zip file, a list of files, or the files."""

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.hdf5_images import HDF5Images
from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_checks import images_of
from mmbarlow.datasets.image_folder import ImageFolder, is_image
from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.square import usual_side
from mmbarlow.datasets.stored_image import size_of_image
from mmbarlow.datasets.tables import read_table_rows
from mmbarlow.errors import InputError

PAIRED = ('path_a', 'path_b')  # columns of a table of pairs (`mmbarlow.PairedImages`)
LISTS = ('.txt', '.lst', '.csv')
COLUMNS = ('path', 'file', 'filename', 'image', 'img_path')  # of a CSV, the first that it has


class ImageList(BaseDataset):
    """Images that are named one by one.

    Args:
        paths: of their files, which need not exist: an image that cannot be read is found out when
            it is read.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.
    """

    def __init__(self, paths: Sequence[str], **kwargs) -> None:
        self._paths = paths
        super().__init__(**kwargs)
        del self._paths  # the data set holds them in one array

    def load_data_list(self) -> list[dict]:
        return [dict(img_path=path) for path in self._paths]


def image_source(names: Sequence[str]) -> ImageFolder | ImageArchive | HDF5Images | ImageList:
    """The images of one folder, zip or HDF5 file or list, or of several files and folders.

    A list is a text with a path on each line, or a CSV with one of `COLUMNS`; paths are relative to
    the folder of the list.

    Raises:
        InputError: one of them does not exist, is of no such kind, or has no image.
    """
    name = os.path.expanduser(names[0])
    if len(names) == 1 and not is_image(os.path.basename(name)):
        listed = name.lower().endswith(LISTS) and os.path.isfile(name)
        return ImageList(_listed(Path(name))) if listed else images_of(name)
    return ImageList(list(chain.from_iterable(map(_files_of, names))))


def _files_of(name: str) -> Iterator[str]:
    path = os.path.expanduser(name)
    if os.path.isdir(path):
        folder = ImageFolder(path, quiet=True)
        yield from (folder.get_data_info(i)['img_path'] for i in range(len(folder)))
    elif os.path.lexists(path) and is_image(os.path.basename(path)):
        yield path
    else:
        what = 'is no image by its name' if os.path.lexists(path) else 'does not exist'
        raise InputError(
            f'{name} {what}: give images and folders, or one zip file or list ({", ".join(LISTS)}).'
        )


def pair_lists(name: str) -> dict[str, ImageList]:
    """The images of each side of a table of pairs, a CSV with `PAIRED`; {} of anything else."""
    file = Path(name).expanduser()
    if file.suffix.lower() != '.csv' or not file.is_file():
        return {}
    header, rows = read_table_rows(file, 'path, or path_a and path_b')
    if not set(PAIRED) <= set(header):
        return {}
    return {
        side: ImageList([os.path.join(file.parent, row[side]) for row in rows if row[side]])
        for side in PAIRED
    }


def _listed(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding='utf-8-sig', errors='surrogateescape').splitlines()
    except OSError as error:
        raise InputError(f'cannot read {file}: {error.strerror}.') from error
    if file.suffix.lower() == '.csv':
        table = csv.DictReader(lines)
        column = next((c for c in COLUMNS if c in (table.fieldnames or ())), None)
        if column is None:
            raise InputError(f'{file} has none of the columns {", ".join(COLUMNS)}: add one.')
        lines = [row[column] or '' for row in table]
    paths = [os.path.join(file.parent, line.strip()) for line in lines if line.strip()]
    if not paths:
        raise InputError(f'{file} names no image: give it a path on each line.')
    return paths


def default_size(images: BaseDataset) -> tuple[int, str]:
    """Height and width of views of these images, in pixels, and why: `usual_side`, and 224 where
    none can be read."""
    side = _typical_side(images)
    if 0 < side < 224:
        return usual_side(side), f'images of about {side} px'
    return 224, 'as for ImageNet'


def _typical_side(images: BaseDataset, number: int = 64) -> int:
    """The median of the shorter sides of some images, evenly spaced, in pixels; 0 if none of them
    can be read. Of files, only the headers are read."""
    picked = np.unique(np.linspace(0, len(images) - 1, number).round().astype(int)).tolist()
    sides = []
    for i in picked:
        with suppress(Exception):  # decoders raise anything on damaged bytes; embedding tells it
            sample = images.get_data_info(i)
            sides.append(min(size_of_image(image_data(sample), name_of(sample))))
    return int(np.median(sides)) if sides else 0


def digest_of_paths(images: BaseDataset) -> str:
    """SHA-256 of the paths of all images, in their order; no list of them is in memory."""
    digest = hashlib.sha256()
    for i in range(len(images)):
        name = name_of(images.get_data_info(i))
        digest.update(name.encode(errors='surrogateescape') + b'\0')
    return digest.hexdigest()
