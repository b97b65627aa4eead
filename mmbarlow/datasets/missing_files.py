"""Find the files of a list that are not on the disk."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def missing_files(root: str | Path, paths: Iterable[str]) -> list[str]:
    """Those of `paths`, relative to `root`, that do not exist, in their order.

    Each folder is listed once: for millions of images on a network drive this takes seconds
    instead of hours.
    """

    @cache
    def names_in(folder: str) -> set[str]:
        where = Path(root, folder)
        return set(os.listdir(where)) if where.is_dir() else set()

    return [p for p in paths if os.path.basename(p) not in names_in(os.path.dirname(p))]
