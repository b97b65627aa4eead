"""The page of the studies: a table, a figure and what they show of each, from records."""

from pathlib import Path

from mmbarlow.files import write_atomically
from mmbarlow.studies.catalogue import Study, comparisons
from mmbarlow.studies.figures import draw_study
from mmbarlow.studies.findings import Finding, findings, findings_table, summary_table
from mmbarlow.studies.results import DATA, MEASURES, Results, compared
from mmbarlow.studies.verdicts import RULE
from mmbarlow.zoo.markdown import markdown_table, plain
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import measured, seeds

PAGE_HEAD = """\
# Ablations: results

Made by `tools/benchmark.py --suite {names}` from records; do not edit.
[ablations.md](ablations.md) says what is compared, and how to make this page. Accuracies are in
percent: the mean over the seeds of the pretraining, ± the sample standard deviation. What is
published is top-1 of a linear classifier on ResNet-50 and ImageNet, 300 epochs: compare the order
of the points with ours, not the values.

## What holds of the paper at this size

{summary}
{rule}
"""


def write_report(
    names: list[str], datasets: list[str] | None, results: Results, out: Path
) -> list[str]:
    """Write the page and its figures into the folder `out`; returns the tables, in Markdown.

    Raises:
        InputError: no study has one of the `datasets`, see `comparisons`.
    """
    out.mkdir(parents=True, exist_ok=True)
    page, tables = [], []
    found: dict[str, list[Finding]] = {}
    for name, study, dataset in comparisons(names, datasets):
        own = findings(name, study, dataset, results)
        found.setdefault(dataset, []).extend(own)
        tables.append(write_table(study, dataset, results))
        if own:
            tables[-1] += f'\n{findings_table(own, dataset)}'
        page.append(tables[-1])
        figure = f'ablations_{name}_{dataset}.png'
        if draw_study(study, dataset, results, out / figure):
            page[-1] += f'\n![{study.title}, {DATA[dataset]}]({figure})\n'
    head = PAGE_HEAD.format(names=' '.join(names), summary=summary_table(found), rule=RULE)
    write_atomically(out / 'ablations_results.md', '\n'.join([head, *page]))
    return tables


def write_table(study: Study, dataset: str, results: Results) -> str:
    """The study in Markdown: mean ± sample deviation over the seeds, and what is published."""
    headers = [measure.header for measure in MEASURES[dataset]]
    lines, used = [], []
    for point in compared(study, dataset):
        columns = results.columns(point)
        cells = [measured(same, m.metric) or 'not run here' for m, same in columns]
        published = f'{study.published.get(point.name or "", "–")}'
        cells += [f'{len(seeds(columns[0][1]))}', published, f'`{point.config}`']
        lines.append([f'{point.name or "untrained"}', *cells])
        used += [] if point.untrained else [record for _, same in columns for record in same]
    header = [study.axis, *headers, 'seeds', 'published, ImageNet', 'config']
    facts = f'Published: {study.source}.{_facts(used)}'
    return f'## {study.title}, {DATA[dataset]}\n\n{markdown_table(header, lines)}\n{facts}\n'


def _facts(used: list[Record]) -> str:
    """Scale, dates, hardware and commits of what was measured."""
    commits = [record.commit[:12] for record in used]
    facts = zip(*((plain(r.scale), r.date, plain(r.hardware)) for r in used), strict=True)
    joined = [', '.join(sorted(set(values))) for values in (*facts, commits)]
    return ' Measured: Scale: {}; {}; {}; commit {}.'.format(*joined) if used else ''
