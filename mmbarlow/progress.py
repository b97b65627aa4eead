"""A progress bar for what takes longer than a few seconds."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from mmengine.dist import is_main_process
from rich.progress import track

T = TypeVar('T')


def progress(items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
    """`items`, with a bar and the time left if the first process runs in a terminal.

    `total` is their number, needed where `items` has no length.
    """
    shown = is_main_process() and sys.stderr.isatty()
    return track(items, description, total, transient=True, disable=not shown)
