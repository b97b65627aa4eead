"""Labeled images of a user: class folders, a table, or a classification file in COCO's style.

>>> labeled = read_labeled('flowers', split=0.2)
>>> train, test = labeled.part('train'), labeled.part('test')
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmbarlow.datasets.labeled_sources import (
    Entry,
    read_class_folders,
    read_coco_labels,
    read_table,
)
from mmbarlow.datasets.passed_over import say_once
from mmbarlow.datasets.stratified_split import stratified_split
from mmbarlow.errors import InputError, printable

TEST_SHARE = 0.2  # of the images of each class, where the source has no split
TRAIN = ('train', 'training')
TEST = ('test', 'testing', 'val', 'valid', 'validation')  # the first that is there is the test


@dataclass(frozen=True)
class LabeledImages:
    """Files of images with their classes.

    paths: N files.
    labels: (N,), int64, from 0; or, where an image can have several classes or none, (N, K), bool.
    classes: the K names.
    split: N times 'train' or 'test'; None where the source has no split and none was asked for.
    """

    paths: list[str]
    labels: np.ndarray
    classes: list[str]
    split: list[str] | None = None

    @property
    def several(self) -> bool:
        """Whether an image can have several classes."""
        return self.labels.ndim == 2

    def part(self, name: str) -> 'LabeledImages':
        """The images of the split 'train' or 'test'."""
        assert self.split is not None
        return self.chosen(np.flatnonzero(np.array(self.split) == name))

    def chosen(self, index: Sequence[int] | np.ndarray) -> 'LabeledImages':
        """The images with these numbers, in this order."""
        paths, split = [self.paths[i] for i in index], self.split
        split = None if split is None else [split[i] for i in index]
        return replace(self, paths=paths, labels=self.labels[index], split=split)


def read_labeled(path: str | Path, split: float | None = None, seed: int = 0) -> LabeledImages:
    """The labeled images at `path`.

    Args:
        path: a folder with one folder for each class; a folder with `train` and `test` or `val`,
            each with class folders; a `.csv` with the columns `path` (relative to the table),
            `label` and, if wanted, `split`; or a `.json` with COCO's `images`, `annotations` and
            `categories`. Labels separated by `|` in a table, several rows of one image, or several
            categories of one image make all labels multi-label ones.
        split: the share of test images to draw where the source has no split, such as
            `TEST_SHARE`; None draws none.
        seed: of that draw.

    Raises:
        InputError: there is nothing at `path`, it is of none of these kinds, a file it names is
            missing, there are fewer than two classes, or a class cannot be split.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        entries = read_class_folders(path, TRAIN, TEST)
    elif not path.is_file():
        raise InputError(f'there is no folder or file {path} of labeled images.')
    elif path.suffix.lower() in ('.csv', '.tsv'):
        entries = read_table(path)
    elif path.suffix.lower() == '.json':
        entries = read_coco_labels(path)
    else:
        raise InputError(
            f'{path} has no labels that can be read: give a folder with one folder for each '
            'class, a .csv with the columns path and label, or a .json in the style of COCO.'
        )
    labeled = _labeled(_with_split(entries, path), path)
    if labeled.split is None and split is not None:
        where = stratified_split(labeled.labels, split, seed, labeled.classes)
        return replace(labeled, split=['test' if tested else 'train' for tested in where])
    return labeled


def _with_split(entries: list[Entry], path: Path) -> list[Entry]:
    """The entries of training and test, called 'train' and 'test'; '' if there is no split.

    Raises:
        InputError: there is a split without training images, or without test images.
    """
    names = {entry.split.strip().lower() for entry in entries}
    if names == {''}:
        return entries
    test = next((name for name in TEST if name in names), None)
    train = next((name for name in TRAIN if name in names), None)
    if train is None or test is None:
        raise InputError(
            f'the split of {path} is called {", ".join(sorted(map(repr, names)))}: it needs '
            'images of train, and of test or val.'
        )
    renamed = {train: 'train', test: 'test'}
    kept = [(e, renamed.get(e.split.strip().lower())) for e in entries]
    if left := sorted(names - renamed.keys()):
        count = sum(new is None for _, new in kept)
        say_once(f'{count:,} images of {", ".join(map(repr, left))} in {path} are left out')
    return [e._replace(split=new) for e, new in kept if new]


def _labeled(entries: list[Entry], path: Path) -> LabeledImages:
    """Entries of one image joined, and classes numbered.

    Raises:
        InputError: an image is in both splits, has no class, or there are fewer than two classes.
    """
    found: dict[str, set[str]] = {}
    splits: dict[str, str] = {}
    for entry in entries:
        found.setdefault(entry.path, set()).update(entry.labels)
        if splits.setdefault(entry.path, entry.split) != entry.split:
            raise InputError(f'{path} has {entry.path} in both splits: leave it in one of them.')
    classes = _in_order({name for names in found.values() for name in names})
    if len(classes) < 2:
        have = f'only the class {printable(classes[0])}' if classes else 'no class'
        raise InputError(f'{path} has {have}: an evaluation needs images of two or more.')
    number = {name: c for c, name in enumerate(classes)}
    several = any(len(names) > 1 for names in found.values())
    if several:
        labels = np.zeros((len(found), len(classes)), bool)
        for row, names in zip(labels, found.values(), strict=True):
            row[[number[name] for name in names]] = True
    else:
        if bare := [name for name, names in found.items() if not names]:
            say_once(f'{len(bare):,} images without a label in {path} are left out')
            found = {name: names for name, names in found.items() if names}
        labels = np.array([number[name] for (name,) in found.values()])
    split = [splits[name] for name in found] if any(splits.values()) else None
    labeled = LabeledImages(list(found), labels, classes, split)
    if split is not None:
        _check_split(labeled, path)
    return labeled


def _check_split(labeled: LabeledImages, path: Path) -> None:
    """Raises InputError if no image is left of a split, or classes are only in the test."""
    counts = []
    for name in ('train', 'test'):
        labels = labeled.part(name).labels
        if not len(labels):
            raise InputError(f'{path} has no labeled image of {name}.')
        marks = (
            labels.sum(0)
            if labeled.several
            else np.bincount(labels, minlength=len(labeled.classes))
        )
        counts.append(marks)
    if alone := [n for n, a, b in zip(labeled.classes, *counts, strict=True) if b and not a]:
        raise InputError(
            f'{path} has the classes {printable(", ".join(alone[:5]))} in its test images only '
            f'({len(alone)} in all): rename them as in the training images, or take them out.'
        )


def _in_order(names: set[str]) -> list[str]:
    """Sorted as text, or, where all are whole numbers, as numbers."""
    whole = all(name.isascii() and name.isdigit() for name in names)
    return sorted(names, key=int) if whole else sorted(names)
