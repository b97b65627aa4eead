"""Markdown of the zoo's pages and of the studies' report."""

import re
from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def heading_link(text: str, heading: str) -> str:
    """A link to a heading of the same page, with the anchor that GitHub gives it."""
    anchor = re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-')
    return f'[{text}](#{anchor})'
