"""Whether the images of a list are on the disk."""

import os
from collections.abc import Iterable
from pathlib import Path


def missing_files(root: str | Path, paths: Iterable[str]) -> list[str]:
    """Those of `paths`, relative to `root`, that are not there, in their order.

    One listing a folder: for millions of images on a network drive, seconds in place of hours.
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
