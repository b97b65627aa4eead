"""Which images belong together, by a table, by two folders or by the names of the images."""

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.datasets.tables import check_columns, read_table_rows
from mmbarlow.errors import printable


@dataclass
class Pairs:
    """Images, each with those that its partner may be.

    images: N paths.
    partners: paths that partners are taken from; `images` itself where they are of one kind.
    choices: N times (first, last + 1) among `partners`; an image is no partner of itself.
    lacking: what is left out, in words with counts.
    """

    images: list[str] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    choices: list[tuple[int, int]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)

    def lacks(self, found: list[str], total: int, what: str) -> None:
        """Note that some of `total` are left out: `what` says of which kind, and why."""
        if found:
            counts = f'{len(found):,} of {total:,}'
            self.lacking.append(f'{counts} {what} (the first is {printable(found[0])})')


def pairs_of_table(table: Path, max_distance: int | None) -> Pairs:
    """The pairs of a CSV with the columns `path_a` and `path_b`, or `path`, `group` and maybe
    `order`; paths are relative to it.

    Raises:
        InputError: it is no such table.
    """
    header, rows = read_table_rows(table, 'path_a and path_b, or path and group')
    if 'group' in header or 'path' in header:
        check_columns(table, header, ('path', 'group'))
        return _grouped_rows(rows, table.parent, max_distance)
    check_columns(table, header, ('path_a', 'path_b'))
    pairs = Pairs()
    whole = {i: row for i, row in enumerate(rows, 2) if row['path_a'] and row['path_b']}
    pairs.lacks(
        [f'line {i}' for i in range(2, len(rows) + 2) if i not in whole],
        len(rows),
        'pairs have no partner',
    )
    names = list(
        dict.fromkeys(row[side] for row in whole.values() for side in ('path_a', 'path_b'))
    )
    missing = missing_files(table.parent, names)
    pairs.lacks(missing, len(names), 'images do not exist')
    gone = set(missing)
    there = [row for row in whole.values() if not gone & {row['path_a'], row['path_b']}]
    pairs.images = [os.path.join(table.parent, row['path_a']) for row in there]
    pairs.partners = [os.path.join(table.parent, row['path_b']) for row in there]
    pairs.choices = [(i, i + 1) for i in range(len(there))]
    return pairs


def pairs_of_folders(folders: tuple[str, str], rule: str | None) -> Pairs:
    """The images of the first folder, each with the images of the second that have its key: what
    the regular expression `rule` finds in the path, or else the path without the extension.

    Raises:
        InputError: there is no such folder, or no image in it.
    """
    pairs, found = Pairs(), []
    for folder in folders:
        names = _names_in(folder)
        keys = {name: _key(rule, name) if rule else name.rpartition('.')[0] for name in names}
        pairs.lacks([n for n in names if not keys[n]], len(names), f'images in {folder} {NO_MATCH}')
        found.append({name: key for name, key in keys.items() if key})
    own, others = found
    by_key = _by_key(others)
    for (here, there), folder, other in ((found, *folders), (found[::-1], *folders[::-1])):
        known = set(there.values())
        alone = [name for name, key in here.items() if key not in known]
        pairs.lacks(alone, len(here), f'images in {folder} have no partner in {other}')
    first = {}
    for key, names in by_key.items():
        first[key] = len(pairs.partners)
        pairs.partners += [os.path.join(folders[1], name) for name in names]
    for name, key in own.items():
        if key in by_key:
            pairs.images.append(os.path.join(folders[0], name))
            pairs.choices.append((first[key], first[key] + len(by_key[key])))
    return pairs


NO_MATCH = 'do not match the regular expression group='


def pairs_of_names(root: str, rule: str, max_distance: int | None) -> Pairs:
    """The images below a folder; those in whose paths `rule` finds the same are one group.

    Raises:
        InputError: there is no such folder, or no image in it.
    """
    pairs, names = Pairs(), _names_in(root)
    keys = {name: _key(rule, name) for name in names}
    pairs.lacks([n for n in names if not keys[n]], len(names), f'images {NO_MATCH}')
    groups = {
        key: sorted(members, key=natural)
        for key, members in _by_key({n: k for n, k in keys.items() if k}).items()
    }
    return _grouped(pairs, groups, root, max_distance)


def _grouped_rows(rows: list[dict[str, str]], root: Path, max_distance: int | None) -> Pairs:
    pairs = Pairs()
    whole = [row for row in rows if row['path'] and row['group']]
    alone = [row['path'] or 'no path' for row in rows if not (row['path'] and row['group'])]
    pairs.lacks(alone, len(rows), 'images are in no group')
    missing = set(missing_files(root, [row['path'] for row in whole]))
    pairs.lacks(sorted(missing), len(whole), 'images do not exist')
    order = {row['path']: natural(row.get('order', '')) + natural(row['path']) for row in whole}
    groups = {
        key: sorted(members, key=lambda name: order[name])
        for key, members in _by_key({row['path']: row['group'] for row in whole}).items()
    }
    return _grouped(pairs, groups, str(root), max_distance)


def _grouped(
    pairs: Pairs, groups: dict[str, list[str]], root: str, max_distance: int | None
) -> Pairs:
    """Those of groups of several images, in their order, at most `max_distance` places apart."""
    single = [names[0] for names in groups.values() if len(names) == 1]
    pairs.lacks(single, len(groups), 'groups have a single image')
    for names in groups.values():
        if len(names) == 1:
            continue
        first, last = len(pairs.images), len(pairs.images) + len(names)
        pairs.images += [os.path.join(root, name) for name in names]
        reach = len(names) if max_distance is None else max_distance
        pairs.choices += [
            (max(first, i - reach), min(last, i + reach + 1)) for i in range(first, last)
        ]
    pairs.partners = pairs.images
    return pairs


def natural(text: str) -> list[tuple[int, float, str]]:
    """A key to sort by, in which numbers count by their values: frame 9 comes before frame 10."""
    parts = re.split(r'(\d+(?:\.\d+)?)', text)
    return [(0, float(p), '') if i % 2 else (1, 0.0, p) for i, p in enumerate(parts) if p]


def _names_in(folder: str) -> list[str]:
    """Paths of the images below a folder, relative to it, with slashes."""
    found = ImageFolder(folder, quiet=True, lazy_init=True)
    paths = [sample['img_path'] for sample in found.load_data_list()]
    return [Path(os.path.relpath(path, os.path.expanduser(folder))).as_posix() for path in paths]


def _key(rule: str, name: str) -> str:
    """The groups of the expression in a name, or else all that it finds; empty without a match."""
    found = re.search(rule, name)
    return '' if found is None else '\0'.join(filter(None, found.groups())) or found[0]


def _by_key(keys: dict[str, str]) -> dict[str, list[str]]:
    names = defaultdict(list)
    for name, key in keys.items():
        names[key].append(name)
    return names
