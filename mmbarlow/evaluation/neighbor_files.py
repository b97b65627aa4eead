"""Neighbors and near-duplicates of images, as tables and as pictures."""

import csv
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.image_reading import image_data, name_of
from mmbarlow.datasets.scaled_image import read_picture
from mmbarlow.datasets.values import Values
from mmbarlow.drawn_names import names_as_written
from mmbarlow.errors import BrokenImage, InputError, printable
from mmbarlow.evaluation.neighbors import SimilarPairs, nearest_others, similar_pairs
from mmbarlow.files import write_atomically

QUERIES, SHOWN, PAIRS = 8, 6, 12  # images with their neighbors in the picture; pairs
SIDE = 192  # pixels of the longer side of an image there
SAME = 0.999  # cosine of features, below which no two files are the same

Cell = tuple[int, str]  # an image, and what is written over it


class EmbeddedImages:
    """Images with their features.

    Args:
        dataset: of MMEngine's kind.
        rows: (N,), the index in the data set of each row of the features.
        features: (N, C).
        values: what the numbers in the images mean; None: they are 8-bit RGB.
    """

    def __init__(
        self,
        dataset: BaseDataset,
        rows: np.ndarray,
        features: np.ndarray,
        values: Values | None = None,
    ) -> None:
        self.dataset, self.rows, self.values = dataset, rows, values
        self.features = torch.from_numpy(features)

    def __len__(self) -> int:
        return len(self.rows)

    def info(self, row: int) -> dict:
        return self.dataset.get_data_info(int(self.rows[row]))

    def name(self, row: int) -> str:
        return printable(name_of(self.info(row)))


def write_neighbors(images: EmbeddedImages, k: int, table: Path, picture: Path) -> None:
    """The k nearest of each image as CSV (image, rank, neighbor, similarity), and of a few images,
    evenly spaced, as a picture.

    Raises:
        InputError: there are not so many others, or a file cannot be written.
    """
    if not 0 < k < len(images):
        raise InputError(
            f'--neighbors {k} of {len(images):,} images: each has {len(images) - 1:,} others, so '
            'take a number from 1 to that.'
        )
    queries = set(np.linspace(0, len(images) - 1, min(QUERIES, len(images))).round().astype(int))
    grid: list[list[Cell]] = []

    def write(writer: Any) -> None:
        row = 0
        for similarities, indices in nearest_others(images.features, k):
            for near, cosine in zip(indices.tolist(), similarities.tolist(), strict=True):
                name = images.name(row)
                for rank, (other, value) in enumerate(zip(near, cosine, strict=True), 1):
                    writer.writerow([name, rank, images.name(other), f'{value:.6f}'])
                if row in queries:
                    shown = zip(near[:SHOWN], cosine, strict=False)
                    grid.append([(row, ''), *((i, f'{value:.3f}') for i, value in shown)])
                row += 1

    _write_table(table, ('image', 'rank', 'neighbor', 'similarity'), write)
    _draw(images, grid, picture)


def write_duplicates(
    images: EmbeddedImages, threshold: float, table: Path, picture: Path
) -> tuple[SimilarPairs, int]:
    """Pairs of images with a cosine similarity of `threshold` or more as CSV (image, other,
    similarity, same_file), the most similar first, and the first as a picture.

    Returns:
        the pairs, and how many of them are two files with the same content.

    Raises:
        InputError: a file cannot be written.
    """
    found = similar_pairs(images.features, threshold)
    digests: dict[int, bytes] = {}

    def same(first: int, second: int, cosine: float) -> bool:
        if cosine < SAME:
            return False
        for row in (first, second):
            if row not in digests:
                digests[row] = digest(images.info(row))
        return digests[first] == digests[second]

    exact = np.array([same(a, b, value) for a, b, value in _triples(found)], bool)
    order = np.argsort(~exact, kind='stable')  # those of the same content come first
    first, second, similarity = (x[order] for x in found[:3])
    found = SimilarPairs(first, second, similarity, found.total)
    count = int(exact.sum())

    def write(writer: Any) -> None:
        for i, (a, b, value) in enumerate(_triples(found)):
            writer.writerow([images.name(a), images.name(b), f'{value:.6f}', int(i < count)])

    _write_table(table, ('image', 'other', 'similarity', 'same_file'), write)
    shown = [*range(min(count, PAIRS // 3)), *range(count, len(order))][:PAIRS]
    cells: list[Cell] = []
    for i in shown:
        a, b, value = found.first[i], found.second[i], found.similarity[i]
        cells += [(int(a), 'same file' if i < count else f'{value:.3f}'), (int(b), '')]
    if cells:
        _draw(images, [cells[i : i + 6] for i in range(0, len(cells), 6)], picture)
    return found, count


def _triples(pairs: SimilarPairs) -> Iterator[tuple[int, int, float]]:
    for block in zip(*(x.split(1000) for x in pairs[:3]), strict=True):
        yield from zip(*(x.tolist() for x in block), strict=True)


def digest(info: dict) -> bytes:
    """SHA-256 of the content of an image's file; of one that is gone by now, of its name."""
    try:
        data = image_data(info)
    except BrokenImage as error:
        return error.path.encode()
    return hashlib.sha256(data if isinstance(data, bytes) else np.asarray(data).tobytes()).digest()


def _write_table(path: Path, header: Iterable[str], rows: Callable[[Any], None]) -> None:
    def write(to: Path) -> None:
        with to.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(header)
            rows(writer)

    write_atomically(path, write)


@names_as_written()
def _draw(images: EmbeddedImages, grid: list[list[Cell]], path: Path) -> None:
    """A row of the picture for each list of cells."""
    columns = max(map(len, grid))
    figure = Figure(figsize=(1.7 * columns, 1.95 * len(grid)))
    figure.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.2 / (1.95 * len(grid)), 0.05, 0.15)
    for axes, cells in zip(figure.subplots(len(grid), columns, squeeze=False), grid, strict=True):
        for axis in axes:
            axis.axis('off')
        for axis, (row, title) in zip(axes, cells, strict=False):
            image = read_picture(images.info(row), images.values)
            image.thumbnail((SIDE, SIDE))
            axis.imshow(image, interpolation='nearest')
            text = title or os.path.basename(images.name(row))[-22:]
            axis.set_title(text, fontsize=8)
    write_atomically(path, lambda to: figure.savefig(to, dpi=100, format='png'))
