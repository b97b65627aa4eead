"""Find the files of a list that are not on the disk."""

import os
from collections.abc import Iterable
from pathlib import Path


def missing_files(root: str | Path, paths: Iterable[str]) -> list[str]:
    """Those of `paths`, relative to `root`, that do not exist, in their order.

    Each folder is listed once: for millions of images on a network drive this takes seconds
    instead of hours.
    """
    present: dict[str, set[str]] = {}
    missing = []
    for path in paths:
        folder, name = os.path.split(path)
        if folder not in present:
            where = Path(root, folder)
            present[folder] = set(os.listdir(where)) if where.is_dir() else set()
        if name not in present[folder]:
            missing.append(path)
    return missing
