"""Whether the splits of a benchmark give their classes the same numbers."""

from typing import Any, NamedTuple

from mmbarlow.datasets.passed_over import say_passed_over
from mmbarlow.errors import InputError


class ClassNames(NamedTuple):
    """The names of a data set's classes in the order of their labels, empty where it has none."""

    folders: list[str]  # that `mmpretrain.CustomDataset` ranks, for each split by itself
    classes: list[str]  # `metainfo['classes']`


def class_names(dataset: Any) -> ClassNames:
    """Those of a data set of any kind; also logs the files that it passes over in silence."""
    while inner := getattr(dataset, 'dataset', None) or getattr(dataset, 'datasets', None):
        dataset = inner[0] if isinstance(inner, list | tuple) else inner
    say_passed_over(dataset)
    ranks = getattr(dataset, 'folder_to_idx', None) or {}
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes') or ()
    classes = [] if isinstance(names, str) else [str(name) for name in names]
    return ClassNames(sorted(ranks, key=ranks.__getitem__), classes)


def check_splits(train: ClassNames, test: ClassNames) -> None:
    """Compare the classes of two splits, if both have names of one kind.

    Raises:
        InputError: a class of the test split has another label in the training split, or none.
    """
    pairs = [(known, found) for known, found in zip(train, test, strict=True) if known and found]
    for known, found in pairs[:1]:  # folders, if there are any, decide the labels
        labels = {name: label for label, name in enumerate(known)}
        wrong = [(label, name) for label, name in enumerate(found) if labels.get(name) != label]
        if wrong:
            label, name = wrong[0]
            own = f'the label {labels[name]}' if name in labels else 'no images'
            raise InputError(
                f'the splits number their classes differently: {name!r} has the label {label} in '
                f'the test split and {own} in the training split (training: {_few(known)}; test: '
                f'{_few(found)}). Take mmbarlow.ClassFolders, whose labels follow the training '
                'split, or make the folders the same.'
            )


def _few(names: list[str]) -> str:
    more = f' and {len(names) - 5:,} more' if len(names) > 5 else ''
    return ', '.join(names[:5]) + more
