"""Markdown of the zoo's pages and of the studies' report."""

import re
from collections.abc import Iterable, Sequence


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = False
) -> str:
    """Cells as they are; with `numbers`, all columns but the first end on the right."""
    rule = ['---', *['---:' if numbers else '---'] * (len(header) - 1)]
    lines = [header, rule, *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def plain(text: str) -> str:
    """Text that shows as it is: no HTML, link, cell, emphasis or code. As entities, since not all
    readers of Markdown take a backslash before `<`."""
    special = r'[\\`*\[\]<>|&~$#@!{}]|\b_|_\b|:(?=//)|(?<=www)\.'
    return re.sub(special, lambda found: f'&#{ord(found[0])};', text, flags=re.IGNORECASE)


def code(text: str) -> str:
    """A code span of a text that may have backticks."""
    longest = max(map(len, re.findall('`+', text)), default=0)
    space = ' ' * bool(longest)
    return f'{"`" * (longest + 1)}{space}{text}{space}{"`" * (longest + 1)}'
