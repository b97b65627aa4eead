"""A progress bar for what takes longer than a few seconds."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from mmengine.dist import is_main_process
from rich.console import Console
from rich.progress import track

T = TypeVar('T')


def progress(items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
    """`items`, with a bar and the time left if the first process runs in a terminal or a notebook.

    The bar goes to stderr, and disappears at the end. `total` is the number of items, needed where
    they have no length.
    """
    console = Console(stderr=True)
    shown = is_main_process() and (sys.stderr.isatty() or console.is_jupyter)
    return track(items, description, total, transient=True, console=console, disable=not shown)
