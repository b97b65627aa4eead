"""A user's own names in figures: of classes, of files, of runs."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib import rc_context


@contextmanager
def names_as_written() -> Iterator[None]:
    """A context, or a decorator, in which matplotlib draws any name.

    It takes what stands between two dollars for a formula, and ends the drawing of a class called
    `$\\n$` with an error. Of letters that its font has not it warns; they become boxes.
    """
    with rc_context({'text.parse_math': False}), warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph .* missing from')
        yield


def shown_in_legend(name: str) -> str:
    """A name for a legend, in which matplotlib leaves out those with an underscore in front."""
    return f' {name}' if name.startswith('_') else name
