"""The page: its parts in their order, each HTML of its own, with nothing to fetch."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from mmbarlow.commands.page.usage import Use
from mmbarlow.errors import printable
from mmbarlow.evaluation.verdict import Verdict
from mmbarlow.version import __version__

HERE = Path(__file__).parent


def text(value: object) -> str:
    """Any text within HTML: names of files and labels are not to be trusted."""
    return escape(printable(value))


def document(title: str, parts: Sequence[str], today: str) -> str:
    style, script = ((HERE / f'page.{kind}').read_text('utf-8') for kind in ('css', 'js'))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        f'<title>{text(title)}</title>\n<link rel="icon" href="data:,">\n'
        f'<style>\n{style}</style>\n</head>\n<body>\n<main>\n'
        + '\n'.join(filter(None, parts))
        + f'\n<footer>Made by mmbarlow {__version__} on {today}.</footer>\n</main>\n'
        f'<script>\n{script}</script>\n</body>\n</html>\n'
    )


def section(title: str, *parts: str, note: str = '') -> str:
    """A heading with what is below it; nothing if there is nothing."""
    body = '\n'.join(filter(None, parts))
    said = f'<p class="soft">{note}</p>' * bool(note)
    return f'<section>\n<h2>{escape(title)}</h2>\n{said}{body}\n</section>' * bool(body or note)


def banner(verdict: Verdict, news: str) -> str:
    """The verdict, with what there is to say of a run that is not over."""
    reasons = ' '.join(map(text, verdict.reasons))
    return (
        f'<section class="card verdict {verdict.level}"><h2>{text(verdict.title)}</h2>'
        + f'<p><strong>{text(news)}</strong></p>' * bool(news)
        + f'<p>{reasons}</p>' * bool(reasons)
        + '</section>'
    )


def tiles(values: Sequence[tuple[str, str, str]]) -> str:
    """Numbers in boxes: what they are, the number, and a remark."""
    boxes = (
        f'<div><dt>{text(name)}</dt><dd>{text(value)}'
        + f'<small>{text(remark)}</small>' * bool(remark)
        + '</dd></div>'
        for name, value, remark in values
    )
    return f'<dl class="tiles">{"".join(boxes)}</dl>'


def facts_table(rows: Sequence[tuple[str, object]]) -> str:
    lines = ''.join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows
    )
    return f'<table class="facts">{lines}</table>' * bool(lines)


def numbers_table(header: Sequence[str], rows: Sequence[Sequence[str]], own: set[int]) -> str:
    """A table whose first two columns are words; the rows in `own` stand out."""
    kind = [''] * 2 + [' class="n"'] * (len(header) - 2)
    head = ''.join(f'<th scope="col"{k}>{text(h)}</th>' for h, k in zip(header, kind, strict=True))
    lines = ''
    for i, row in enumerate(rows):
        cells = ''.join(f'<td{k}>{text(c)}</td>' for c, k in zip(row, kind, strict=True))
        lines += f'<tr{" class=own" * (i in own)}>{cells}</tr>'
    return f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>'


def troubles_card(troubles: Sequence[str]) -> str:
    items = ''.join(f'<li>{text(t[:1].upper() + t[1:])}</li>' for t in dict.fromkeys(troubles))
    return f'<section class="card troubles"><h3>What is missing</h3><ul>{items}</ul></section>' * (
        bool(troubles)
    )


def use_card(use: Use) -> str:
    note = f'<p class="note">{text(use.note)}</p>' * bool(use.note)
    return (
        f'<div class="use"><header><h3>{text(use.title)}</h3></header>'
        f'<pre><code>{escape(use.code)}</code></pre>{note}</div>'
    )
