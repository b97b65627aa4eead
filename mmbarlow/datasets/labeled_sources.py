"""What labels lie in, read to entries: class folders, a table, a file in COCO's style."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.datasets.passed_over import say_once
from mmbarlow.datasets.tables import check_columns, read_table_rows
from mmbarlow.errors import InputError, printable

COLUMNS = ('path', 'label')


class Entry(NamedTuple):
    """A file with some of its classes; an image can have several entries."""

    path: str
    labels: tuple[str, ...]
    split: str = ''  # as the source calls it


def read_class_folders(root: Path, train: Sequence[str], test: Sequence[str]) -> list[Entry]:
    """The images of a folder of class folders, or of the class folders of its splits.

    A class is a folder with an image in it or below it, by the rules of `ImageFolder`.

    Args:
        root: the folder.
        train, test: names of splits; with folders of both kinds, which have class folders
            themselves, `root` has a split.

    Raises:
        InputError: there is no class with an image.
    """
    below = {folder.name: folder for folder in _folders(root)}
    names = {name.lower(): folder for name, folder in below.items()}
    splits = {name: names[name] for name in (*train, *test) if name in names}
    splits = {name: folder for name, folder in splits.items() if _folders(folder)}
    if not any(name in splits for name in train):
        return _classes_of(root, list(below.values()))
    others = [name for name, folder in below.items() if folder not in splits.values()]
    if not any(name in splits for name in test):
        if others:  # a class can be called so
            return _classes_of(root, list(below.values()))
        (only,) = (splits[name] for name in train if name in splits)
        return _classes_of(only, _folders(only))
    if others:
        say_once(f'{", ".join(others)} in {root} are left out: they are no split')
    return [
        entry._replace(split=name)
        for name, folder in splits.items()
        for entry in _classes_of(folder, _folders(folder))
    ]


def read_table(path: Path) -> list[Entry]:
    """The rows of a CSV with the columns `path`, relative to the table, `label` and maybe `split`.

    The columns are separated by commas, semicolons or tabs, several labels by `|`.

    Raises:
        InputError: it is no such table, or files are missing.
    """
    header, rows = read_table_rows(path, 'the columns path and label')
    check_columns(path, header, COLUMNS)
    entries = []
    for number, cells in enumerate(rows, 2):
        if not cells['path']:
            raise InputError(f'line {number} of {path} names no image.')
        labels = tuple(filter(None, (part.strip() for part in cells['label'].split('|'))))
        entries.append(Entry(cells['path'], labels, cells.get('split', '')))
    return _in_folder(entries, path.parent, path)


def read_coco_labels(path: Path) -> list[Entry]:
    """The images of a file with COCO's `images`, `annotations` and `categories`.

    An image may have a `split`. Names of files are relative to the file's folder, to `images` in
    it, to the folder above, or to a folder in that, whichever has the first image.

    Raises:
        InputError: it is no such file, or images are missing.
    """
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f'{path} cannot be read as JSON: {printable(error)}.') from error
    try:
        names = {c['id']: str(c['name']) for c in data['categories']}
        images = {i['id']: i for i in data['images']}
        labels: dict[Any, list[str]] = {key: [] for key in images}
        for annotation in data['annotations']:
            labels[annotation['image_id']].append(names[annotation['category_id']])
        entries = [
            Entry(str(image['file_name']), tuple(labels[key]), str(image.get('split') or ''))
            for key, image in images.items()
        ]
    except (KeyError, TypeError, AttributeError) as error:
        what = f'{error} is missing' if isinstance(error, KeyError) else 'its parts are no objects'
        raise InputError(
            f'{path} is no classification file in the style of COCO, {what}: it needs images (id, '
            'file_name), annotations (image_id, category_id) and categories (id, name).'
        ) from error
    if not entries:
        raise InputError(f'{path} has labels and no images.')
    above = path.absolute().parent.parent
    roots = [path.parent, path.parent / 'images', above, *_folders(above)]
    root = next((r for r in roots if (r / entries[0].path).is_file()), path.parent)
    return _in_folder(entries, root, path)


def _in_folder(entries: list[Entry], root: Path, source: Path) -> list[Entry]:
    """The entries with whole paths; raises InputError if files are missing."""
    names = list(dict.fromkeys(entry.path for entry in entries))
    if missing := missing_files(root, names):
        first = printable(', '.join(missing[:3])) + (', ...' if len(missing) > 3 else '')
        raise InputError(
            f'{len(missing):,} of the {len(names):,} images of {source} are missing in {root}: '
            f'{first}. Put them there, or take their lines out.'
        )
    return [entry._replace(path=os.path.join(root, entry.path)) for entry in entries]


def _classes_of(root: Path, folders: Iterable[Path]) -> list[Entry]:
    """The images below each of the folders, which are classes of `root`."""
    folders = list(folders)
    entries, empty = [], []
    for folder in folders:
        try:
            samples = _images(folder)
        except InputError:  # there is no image in it
            empty.append(folder.name)
            continue
        entries += [Entry(s['img_path'], (folder.name,)) for s in samples]
    if entries:
        if empty:
            say_once(f'no class, since there is no image in it: {", ".join(empty)} in {root}')
        return entries
    if folders:
        few = ', '.join(folder.name for folder in folders[:3])
        raise InputError(f'the folders in {root} ({few}) have no images in them.')
    try:
        count = len(_images(root))
    except InputError:
        raise InputError(
            f'{root} is empty: put a folder with images for each class there.'
        ) from None
    raise InputError(
        f'{root} has {count:,} images and no labels: put the images of each class in a folder, or '
        'name them in a .csv with the columns path and label.'
    )


def _images(folder: Path) -> list[dict]:
    """Raises InputError if there are none."""
    return ImageFolder(str(folder), quiet=True, lazy_init=True).load_data_list()


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith('.'))
