"""Writes the two pages of the zoo: what was measured beside what is published, and the notes."""

import itertools
import re
from statistics import mean

from mmbarlow.errors import InputError
from mmbarlow.zoo import references
from mmbarlow.zoo.markdown import markdown_table
from mmbarlow.zoo.notes import NOTES_INTRO, note, pretraining_notes
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.rows import own_row, own_runs, published_rows, shown
from mmbarlow.zoo.runs import LABELS, NOT_SELF_SUPERVISED, Run, group, measured, values

PAGE, NOTES_PAGE = 'model_zoo.md', 'docs/model_zoo_records.md'
PAGE_INTRO = f"""\
# Model zoo

What was measured with this project, and what others have published. Each note links to the
[commands, hardware and records]({NOTES_PAGE}) of a row. `tools/model_zoo.py` writes
both pages from the [records](mmbarlow/zoo/records/) and the
[published numbers](mmbarlow/zoo/references.json): do not edit them.

Accuracies and AP are in percent; ± is the sample standard deviation over several seeds, of the
pretraining or of the benchmark. A row marked *reduced* was made with less data or fewer epochs
than its recipe asks for and does not compare with the published ones; one marked *recipe changed
since* was measured with another version of its config, which its note describes.

## Summary

The best self-supervised result of each protocol, here and among the published ones below. 1 % and
10 % are the labels used. The sections also have the baselines; their **bold** rows are this
project's, and [Sources](#sources) explains the others.
"""


def write_pages(records: list[Record]) -> dict[str, str]:
    """The pages in Markdown, by path: the same for the same records, in whatever order.

    Raises:
        InputError: a record is shown by no column, or two benchmarks fill one cell.
    """
    sections = references.sections()
    _check_all_shown(records, sections)
    runs, numbers = group(records), itertools.count(1)
    summary, tables, notes = [], [], {}
    for section in sections:
        title, own = section['title'], []
        for run in own_runs(section, runs):
            link = ''
            if found := shown(section, run):
                number = next(numbers)
                link = f'[note {number}]({NOTES_PAGE}#note-{number})'
                notes[title] = notes.get(title, '') + note(number, run, found, runs)
            own.append((run, link))
        summary += _summary_rows(section, own)
        headers = (column['header'] for column in section['columns'])
        rows = [*published_rows(section), *(own_row(section, run, link) for run, link in own)]
        table = markdown_table(['Method', 'Pretraining', *headers, 'Source'], rows)
        tables.append(f'## {title}\n\n{section["text"]}\n\n{table}')
    notes['Pretraining runs'] = pretraining_notes(numbers, runs)
    note_sections = (f'## {title}\n\n{text}' for title, text in notes.items() if text)
    cited = '\n'.join(f'- **{key}**: {text}' for key, text in references.sources().items())
    table = markdown_table(['Data, protocol', 'Best here', 'Best published'], summary)
    page = '\n'.join([PAGE_INTRO, table, *tables, f'## Sources\n\n{cited}\n'])
    return {PAGE: page, NOTES_PAGE: '\n'.join([NOTES_INTRO, *note_sections])}


def _summary_rows(section: dict, own: list[tuple[Run, str]]) -> list[list[str]]:
    """A row for each column with a name in the summary; `own` are runs and links to their notes."""
    # the anchor that GitHub gives the section's heading
    anchor = re.sub(r'[^\w -]', '', section['title'].lower()).replace(' ', '-')
    return [
        [f'[{column["summary"]}](#{anchor})', _best_own(column, own), _best_published(column)]
        for column in section['columns']
        if 'summary' in column
    ]


def _best_own(column: dict, own: list[tuple[Run, str]]) -> str:
    """Of the self-supervised runs the best in the mean; a full one comes before a reduced one."""
    metric = column['metrics'][0]
    found = [
        (not run.reduced, mean(numbers), run, note)
        for run, note in own
        if run.model not in NOT_SELF_SUPERVISED and (numbers := values(run.of(column), metric))
    ]
    if not found:
        return 'not run here'
    _, _, run, note = max(found, key=lambda candidate: candidate[:2])
    records = run.of(column)
    network = f'{measured(records, metric)} {run.label}, `{run.pretrain_config}`'
    return ', '.join([network, *['1 seed'] * (len(records) == 1), *run.marks(records), note])


def _best_published(column: dict) -> str:
    metric, baselines = column['metrics'][0], {LABELS[model] for model in NOT_SELF_SUPERVISED}
    found = [
        result
        for result in references.results()
        if references.shows(column, result)
        and metric in result['metrics']
        and result['method'] not in baselines
        and 'table' not in result
    ]
    best = max(found, key=lambda result: result['metrics'][metric], default=None)
    return f'{best["metrics"][metric]} {best["method"]}, {best["source"]}' if best else '–'


def _check_all_shown(records: list[Record], sections: list[dict]) -> None:
    columns = [column for section in sections for column in section['columns']]
    for r in records:
        if r.task != 'pretrain' and not any(references.shows(c, vars(r)) for c in columns):
            raise InputError(
                f'{file_name(r)}: no table shows {r.task} on {r.dataset} with these metrics; add '
                'a column to mmbarlow/zoo/sections.json.'
            )
