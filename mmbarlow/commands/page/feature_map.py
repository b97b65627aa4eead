"""A sample of images with their features, labels and places on a map."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from PIL import Image
from sklearn.cluster import KMeans
from torch import Tensor

from mmbarlow.apis import extract_features
from mmbarlow.commands.page.pictures import thumbnail
from mmbarlow.commands.page.training_data import spread
from mmbarlow.datasets.image_reading import name_of, read_rgb
from mmbarlow.datasets.scaled_image import picture, read_stored
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import BrokenImage, InputError
from mmbarlow.evaluation.features import unit_rows
from mmbarlow.visualization import places_on_map

TILE = 96  # pixels of the side of a picture that is kept
CLUSTERS = 10
CLASSES = 1000  # more names of folders than that are no classes


@dataclass
class Sample:
    """Images to encode, and what is known of them."""

    infos: list[dict]
    names: list[str]
    labels: list[int]  # empty without labels
    classes: list[str]
    source: str  # of the images and the labels, in words


@dataclass
class FeatureMap:
    """Images that could be read: features (N, C), places (N, 2) from 0 to 1, and their groups."""

    sample: Sample
    features: Tensor
    places: np.ndarray
    groups: np.ndarray  # (N,), into `classes`
    classes: list[str]
    tiles: list[Image.Image] = field(default_factory=list)
    unread: int = 0


def sample_of_training(dataset: Any, most: int) -> Sample:
    """Images at equal distances, with their labels if they have any, else with their folders."""
    infos = [dataset.get_data_info(i) for i in spread(len(dataset), most)]
    paths = [str(info.get('img_path') or '') for info in infos]
    root = os.path.commonpath([os.path.dirname(p) for p in paths]) if all(paths) else ''
    names = [os.path.relpath(p, root) if root else f'image {i}' for i, p in enumerate(paths)]
    if not all(paths):
        names = [f'image {i}' for i in spread(len(dataset), most)]
    source = 'images of the training'
    given = dataset.metainfo.get('classes') if hasattr(dataset, 'metainfo') else None
    labels = [info.get('gt_label') for info in infos]
    if given and all(isinstance(label, int) for label in labels):
        return Sample(infos, names, labels, list(given), f'{source}, with the labels they have')
    folders = [os.path.basename(os.path.dirname(name)) for name in names]
    classes = sorted(set(folders))
    if 1 < len(classes) <= min(CLASSES, len(infos) // 2) and '' not in classes:
        numbers = [classes.index(folder) for folder in folders]
        return Sample(infos, names, numbers, classes, f'{source}, colored by their folders')
    return Sample(infos, names, [], [], source)


def sample_of_labeled(path: str, most: int) -> Sample:
    """Labeled images at equal distances; of several labels of an image the first counts.

    Raises:
        InputError: there are no labeled images at `path`.
    """
    from mmbarlow.datasets.labeled_images import read_labeled

    labeled = read_labeled(path)
    chosen = spread(len(labeled.paths), most)
    paths = [str(labeled.paths[i]) for i in chosen]
    labels, classes = np.asarray(labeled.labels)[chosen], list(labeled.classes)
    if labels.ndim == 2:
        none = ~labels.any(1)
        labels = np.where(none, len(classes), labels.argmax(1))
        classes += ['no class'] * bool(none.any())
    root = os.path.commonpath([os.path.dirname(os.path.abspath(p)) for p in paths])
    names = [os.path.relpath(p, root) for p in paths]
    infos = [dict(img_path=p) for p in paths]
    return Sample(infos, names, labels.tolist(), classes, f'labeled images of {Path(path).name}')


def map_features(model: Any, sample: Sample, size: int, method: str) -> FeatureMap:
    """Encode the images and place them.

    Raises:
        InputError: fewer than two of them can be read.
    """
    values = values_of(**model.images)
    tiles: list[Image.Image] = []
    kept: list[int] = []

    def pictures() -> Iterator[Image.Image | np.ndarray]:
        for i, info in enumerate(sample.infos):
            try:
                image: Any = read_rgb(info) if values is None else read_stored(info, values)
            except BrokenImage as error:
                print_log(str(error), 'current', logging.DEBUG)
                continue
            kept.append(i)
            shown = picture(values.scale(image)) if values else image
            tiles.append(thumbnail(shown, TILE))
            yield image

    first = next(source := pictures(), None)
    second = next(source, None)
    if first is None or second is None:
        where = name_of(sample.infos[0]) if sample.infos else 'none'
        raise InputError(f'The images cannot be read: they have moved, or are broken ({where}).')
    features = extract_features(model, chain([first, second], source), size=size)
    places = places_on_map(features, method).astype(float)
    span = places.max(0) - places.min(0)
    places = (places - places.min(0)) / np.where(span > 0, span, 1)
    if sample.labels:
        groups, classes = np.array(sample.labels)[kept], sample.classes
    else:
        groups, classes = _clusters(features)
    sample.names = [sample.names[i] for i in kept]
    unread = len(sample.infos) - len(kept)
    return FeatureMap(sample, features, places, groups, classes, tiles, unread)


def _clusters(features: Tensor) -> tuple[np.ndarray, list[str]]:
    number = min(CLUSTERS, max(1, len(features) // 10))
    groups = KMeans(number, random_state=0).fit_predict(unit_rows(features))
    order = np.argsort(-np.bincount(groups, minlength=number))  # the largest first
    return np.argsort(order)[groups], [f'cluster {i + 1}' for i in range(number)]
