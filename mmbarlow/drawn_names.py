"""A user's own names in figures: of classes, of files, of runs."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib import rc_context


@contextmanager
def names_as_written() -> Iterator[None]:
    """A context, or a decorator, in which matplotlib draws any name.

    It takes what stands between two dollars for a formula, and ends the drawing of a class called
    `$\\n$` with an error. Texts keep the setting under which they were made, and axes make theirs
    at once: they begin in the context, too. Of letters that the font has not matplotlib warns; they
    become boxes.
    """
    with rc_context({'text.parse_math': False}), warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph .* missing from')
        yield


def shown_in_legend(name: str) -> str:
    """A name for a legend, in which matplotlib leaves out those with an underscore in front."""
    return f' {name}' if name.startswith('_') else name
