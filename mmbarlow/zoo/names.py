"""Names and lines as records take them, of what users call their files and machines."""

import re
import unicodedata


def permitted(name: str) -> str:
    """A name for a record's field and file: `my cfg (1)` is `my-cfg-1`; letters of any script stay
    that is written from the left.

    At least one character is left: `unnamed` stands for none.
    """
    left = ''.join(char if from_left(char) else '-' for char in name)
    return re.sub(r'[^\w.]+', '-', left).strip('-.') or 'unnamed'


def from_left(text: str) -> bool:
    """Whether no letter of it is of a script that is written from the right, which turns the text
    around it."""
    return not any(unicodedata.bidirectional(char) in ('R', 'AL', 'AN') for char in text)


def one_line_of(text: str) -> str:
    """The text with each run of white space as one blank."""
    return ' '.join(text.split())
