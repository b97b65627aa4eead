"""A progress bar on what takes longer than a few seconds."""

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from mmengine.dist import is_main_process
from rich.progress import track

T = TypeVar('T')


def progress(
    sequence: Sequence[T] | Iterable[T], description: str, total: int | None = None
) -> Iterable[T]:
    """The items of `sequence`, with a bar and the time left on a terminal's first process.

    `total` is the number of items, where `sequence` has no length.
    """
    shown = is_main_process() and sys.stderr.isatty()
    return track(sequence, description, total, transient=True, disable=not shown)
