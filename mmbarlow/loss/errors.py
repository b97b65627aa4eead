"""Bad input, as opposed to a fault of ours."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what it is and what to do.

    The tools print the message as one line and exit with status 2 (`mmbarlow.cli`). It is the
    error of the whole project, and is defined here because `mmbarlow.loss` imports nothing of it.
    """

    told = False  # whether another process tells it to the user


_told: list[list[str]] = []  # of each `told_later` that is open


@contextmanager
def told_later() -> Iterator[list[str]]:
    """Numbers that are not finite raise nothing in the block: their sentences go to the list.

    For who has a better answer to a step with NaN than to end the run.
    """
    _told.append([])
    try:
        yield _told[-1]
    finally:
        _told.pop()


def refuse_numbers(sentence: str) -> None:
    """Raises InputError for numbers that are not finite, but within `told_later`."""
    if not _told:
        raise InputError(sentence)
    _told[-1].append(sentence)
