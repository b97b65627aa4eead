"""The page of the studies: a table and a figure for each, from records."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mmbarlow.files import write_atomically
from mmbarlow.studies.catalogue import Study, comparisons
from mmbarlow.studies.figures import draw_study
from mmbarlow.studies.results import MEASURES, Results, Row, rows
from mmbarlow.zoo.markdown import markdown_table
from mmbarlow.zoo.runs import measured, seeds

PAGE = 'ablations_results.md'
INTRO = """\
# Ablations: results

Made by `tools/benchmark.py --suite {names}` from records; do not edit.
[ablations.md](ablations.md) says what is compared, and how to make this page. Accuracies are in
percent: the mean over the seeds of the pretraining, ± the sample standard deviation. What is
published is top-1 of a linear classifier on ResNet-50 and ImageNet, 300 epochs: compare the order
of the points with ours, not the values.
"""


def write_report(
    names: list[str], datasets: list[str] | None, results: Results, out: Path
) -> list[str]:
    """Write the page and its figures into the folder `out`; returns the tables, in Markdown.

    Raises:
        InputError: no study has one of the `datasets`, see `comparisons`.
    """
    out.mkdir(parents=True, exist_ok=True)
    page, tables = [INTRO.format(names=' '.join(names))], []
    for name, study, dataset in comparisons(names, datasets):
        found = rows(study, dataset, results)
        text = write_table(study, dataset, found)
        tables.append(text)
        if any(row.found[0] for row in found if row.key is not None):
            figure = f'ablations_{name}_{dataset}.png'
            draw_study(study, dataset, found, out / figure)
            text += f'\n![{study.title}, {dataset}]({figure})\n'
        page.append(text)
    write_atomically(out / PAGE, '\n'.join(page))
    return tables


def write_table(study: Study, dataset: str, found: Sequence[Row]) -> str:
    """The study in Markdown: mean ± sample deviation over the seeds, and what is published."""
    columns = MEASURES[dataset]
    header = [study.axis, *(c.header for c in columns), 'seeds', 'published, ImageNet', 'config']
    lines = []
    for row in found:
        by_column = zip(columns, row.found, strict=True)
        cells = [measured(same, c.metric) or 'not run here' for c, same in by_column]
        published = f'{study.published.get(row.key or "", "–")}'
        count = f'{len(seeds(row.found[0]))}'
        name = f'{row.key or "untrained"}'
        lines.append([name, *cells, count, published, f'`{row.point.config}`'])
    facts = f'Published: {study.source}.{_facts(found)}'
    return f'## {study.title}, {dataset}\n\n{markdown_table(header, lines)}\n{facts}\n'


def _facts(found: Sequence[Row]) -> str:
    """Scale, dates and hardware of what was measured."""
    used = [r for row in found if row.key is not None for cell in row.found for r in cell]
    if not used:
        return ''
    facts = [
        f'Scale: {_joined(r.scale for r in used)}',
        _joined(r.date for r in used),
        _joined(r.hardware for r in used),
        f'commit {_joined(r.commit[:12] for r in used)}',
    ]
    return f' Measured: {"; ".join(facts)}.'


def _joined(texts: Iterable[str]) -> str:
    return ', '.join(sorted(set(texts)))
