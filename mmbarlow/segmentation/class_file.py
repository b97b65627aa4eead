"""The names and colors of a user's own classes."""

import re
from pathlib import Path

from PIL import Image

from mmbarlow.datasets.size_limit import FORMATS
from mmbarlow.errors import InputError

CLASSES = 'classes.txt'
COLORED = re.compile(r'(.+?)[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})')
LARGEST = 1_000_000  # bytes
MOST = 255  # classes, since the value 255 is ignored


def read_class_file(path: Path) -> dict:
    """`classes`, and `palette` if each has a color.

    Args:
        path: of a text. A line is a name, or a name and the red, green and blue of its color.

    Raises:
        InputError: the file is missing, too long, or not UTF-8, or has a name twice.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f'{path} has more than {LARGEST:,} bytes: give one name on each line.')
        lines = [line.strip() for line in path.read_text('utf-8-sig').splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, 'strerror', None) or 'not UTF-8'
        raise InputError(
            f'{path} cannot be read ({reason.lower()}): write the name of a class on each line, '
            'first that of the number 0 in the masks, often background.'
        ) from None
    found = [match for line in lines if (match := COLORED.fullmatch(line))]
    colored = len(found) == len(lines)
    names = [match[1] for match in found] if colored else lines
    if not 1 < len(names) <= MOST:
        raise InputError(f'{path} has {len(names)} classes: give 2 to {MOST}, one on each line.')
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f'{path} has the class {twice[0]!r} twice: give each its own name.')
    palette = [[min(int(number), 255) for number in match.groups()[1:]] for match in found]
    return dict(classes=tuple(names), **(dict(palette=palette) if colored else {}))


def palette_of(mask: Path | None, count: int) -> list[list[int]]:
    """The first `count` colors of a mask's own palette, if there are so many different ones."""
    try:
        with Image.open(mask, formats=FORMATS) as image:  # pyright: ignore[reportArgumentType]
            flat = image.getpalette() or []
    except (OSError, ValueError, AttributeError):  # no mask; if it is broken, the checks say so
        return []
    colors = [flat[i : i + 3] for i in range(0, 3 * count, 3)]
    return colors if len(set(map(tuple, colors))) == count and len(colors[-1]) == 3 else []
