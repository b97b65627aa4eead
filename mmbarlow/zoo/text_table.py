"""Tables on a terminal."""

from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], gap: int = 4) -> str:
    """Lines of columns that are as wide as their longest cell: the first to the left, the others
    to the right, `gap` blanks before each."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return '\n'.join(
        row[0].ljust(widths[0])
        + ''.join(' ' * gap + c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))
        for row in (header, *rows)
    )


def with_spread(mean: float, std: float) -> str:
    """Percentages: the mean and the deviation beside it."""
    return f'{mean:.1f} +- {std:.1f}'
