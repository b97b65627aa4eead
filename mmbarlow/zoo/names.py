"""Names and lines as records take them, of what users call their files and machines."""

import re


def permitted(name: str) -> str:
    """A name for a record's field and file: `my cfg (1)` is `my-cfg-1`; letters of any script stay.

    At least one character is left: `unnamed` stands for none.
    """
    return re.sub(r'[^\w.]+', '-', name).strip('-.') or 'unnamed'


def one_line_of(text: str) -> str:
    """The text with each run of white space as one blank."""
    return ' '.join(text.split())
