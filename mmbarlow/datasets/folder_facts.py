"""What a folder of images holds, as far as training on it depends on that."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.image_checks import images_of
from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.passed_over import passed_over
from mmbarlow.datasets.stored_image import size_of_image
from mmbarlow.errors import BrokenImage, InputError, printable

LOOKED_AT = 200  # images, at equal distances
LEAST = 16  # different images: a loss that standardizes over a batch is noise with fewer


@dataclass(frozen=True)
class FolderFacts:
    """Counts, and widths and heights in pixels, of the images in a folder or an archive."""

    images: int
    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    side: int  # the median of the shorter sides
    kind: str  # of data set, as configs name it
    notes: tuple[str, ...]  # what is left out


def look_at(source: str) -> FolderFacts:
    """Count the images below a folder, or in a zip file, and read the headers of up to 200.

    Raises:
        InputError: there is no such folder, it has no image or too few, most of them are copies
            of a few, or hardly one can be read.
    """
    dataset = images_of(source)
    number = len(dataset)
    if number < LEAST:
        raise InputError(
            f'{source} has {number} image{"s" * (number > 1)}, and pretraining needs {LEAST} at '
            'the very least, hundreds to be of use: add images, or start from weights of others.'
        )
    sizes, contents, broken = _sample(dataset)
    looked_at = len(sizes) + len(broken)
    if len(broken) > looked_at / 2:
        path, reason = next(iter(broken.items()))
        raise InputError(
            f'{len(broken)} of {looked_at} images of {source} cannot be read, such as '
            f'{printable(path)} ({reason}): `mmbarlow verify {source}` lists them all.'
        )
    if len(contents) < min(LEAST, len(sizes) / 2):
        raise InputError(
            f'{source} has the same image again and again: {len(sizes)} were looked at, and '
            f'{len(contents)} differ{"s" * (len(contents) == 1)}. Pretraining needs {LEAST} '
            'different ones at the very least, so add others.'
        )
    ranked = sorted(sizes, key=lambda size: size[0] * size[1])
    return FolderFacts(
        images=number,
        smallest=ranked[0],
        median=ranked[len(ranked) // 2],
        largest=ranked[-1],
        side=int(median(map(min, sizes))),
        kind=f'mmbarlow.{type(dataset).__name__}',
        notes=tuple(_notes(dataset, source, len(broken), looked_at)),
    )


def _sample(
    dataset: BaseDataset,
) -> tuple[list[tuple[int, int]], Counter[bytes], dict[str, str]]:
    """Sizes, digests of the contents, and the images that cannot be opened with the reasons."""
    sizes, contents, broken = [], Counter(), {}
    places = np.linspace(0, len(dataset) - 1, min(LOOKED_AT, len(dataset)))
    for place in places.round().astype(int).tolist():
        sample = dataset.get_data_info(place)
        try:
            data = image_data(sample)
            sizes.append(size_of_image(data, name_of(sample)))
        except BrokenImage as error:
            broken[name_of(sample)] = error.reason
        except Exception:  # of damaged bytes, decoders raise anything
            broken[name_of(sample)] = 'no image'
        else:
            contents[hashlib.sha256(_bytes(data)).digest()] += 1
    return sizes, contents, broken


def _bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else data.tobytes()


def _notes(dataset: BaseDataset, source: str, broken: int, looked_at: int):
    for folder, reason in getattr(dataset, 'unreadable', ()):
        yield printable(f'the folder {folder} is left out: {reason}')
    if others := getattr(dataset, 'passed_over', None):
        yield passed_over(others)
    if broken:
        yield (
            f'{broken} of {looked_at} images cannot be read, and others are taken in their '
            f'place: `mmbarlow verify {source}` lists them'
        )
