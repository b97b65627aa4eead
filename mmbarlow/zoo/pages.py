"""Writes the two pages of the zoo: what was measured beside what is published, and the notes."""

from mmbarlow.errors import InputError
from mmbarlow.zoo import references
from mmbarlow.zoo.markdown import markdown_table
from mmbarlow.zoo.notes import Notes
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.rows import own_row, own_runs, published_rows, shown
from mmbarlow.zoo.runs import Run, group, shows
from mmbarlow.zoo.summary import HEADER, summary_rows

PAGE, NOTES_PAGE = 'model_zoo.md', 'docs/model_zoo_records.md'
INTRO = f"""\
# Model zoo

What was measured with this project, and what others have published. Each note links to the
[commands, hardware and records]({NOTES_PAGE}) of a row. `tools/model_zoo.py` writes
both pages from the [records](mmbarlow/zoo/records/) and the
[published numbers](mmbarlow/zoo/references.json): do not edit them.

Accuracies and AP are in percent; ± is the sample standard deviation over several seeds, of the
pretraining or of the benchmark. A row marked *reduced* was made with less data or fewer epochs
than its recipe asks for and does not compare with the published ones.

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
    runs = group(records)
    notes, summary, texts = Notes(runs), [], []
    for section in sections:
        own = [(run, _cite(section, run, notes)) for run in own_runs(section, runs)]
        summary += summary_rows(section, own)
        texts.append(_section(section, own))
    notes.add_pretraining()
    cited = '\n'.join(f'- **{key}**: {text}' for key, text in references.sources().items())
    table = markdown_table(HEADER, summary)
    page = '\n'.join([INTRO, table, *texts, f'## Sources\n\n{cited}\n'])
    return {PAGE: page, NOTES_PAGE: notes.page()}


def _check_all_shown(records: list[Record], sections: list[dict]) -> None:
    columns = [column for section in sections for column in section['columns']]
    for record in records:
        if record.task != 'pretrain' and not any(shows(column, record) for column in columns):
            raise InputError(
                f'{file_name(record)}: no table shows {record.task} on {record.dataset} with '
                f'these metrics; add a column to mmbarlow/zoo/sections.json.'
            )


def _cite(section: dict, run: Run, notes: Notes) -> str:
    """The link to the row's note, which it adds; '' where nothing was measured."""
    found = shown(section, run)
    if not found:
        return ''
    number = notes.add(section['title'], run, found)
    return f'[note {number}]({NOTES_PAGE}#note-{number})'


def _section(section: dict, own: list[tuple[Run, str]]) -> str:
    headers = (column['header'] for column in section['columns'])
    rows = [*published_rows(section), *(own_row(section, run, note) for run, note in own)]
    table = markdown_table(['Method', 'Pretraining', *headers, 'Source'], rows)
    return f'## {section["title"]}\n\n{section["text"]}\n\n{table}'
