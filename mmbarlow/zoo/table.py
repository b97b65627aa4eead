"""Writes the page on which measured and published results stand side by side."""

from collections.abc import Iterator, Sequence

from mmbarlow.errors import InputError
from mmbarlow.zoo import references
from mmbarlow.zoo.notes import curve, note, table
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, benchmark_seeds, group, measured, seeds, shows

INTRO = """\
# Model zoo

Made by `tools/model_zoo.py` from the records in `mmbarlow/zoo/records/`, one for each result
measured with this project, and from the published numbers in `mmbarlow/zoo/references.json`:
no number is typed by hand, and this page is not to be edited.

Accuracies are in percent. **Bold** rows are this project's: the mean over the seeds of the
pretraining and over those of the benchmark, ± the sample standard deviation, and under the table
scale, date, hardware and commands. A row marked *reduced* was made with less data or fewer epochs
than its recipe asks for and does not compare with the published ones. The other rows are as
published, see [Sources](#sources).
"""


def write_page(records: list[Record]) -> str:
    """The page in Markdown: the same for the same records, in whatever order.

    Raises:
        InputError: a record is shown by no column, or two benchmarks fill one cell.
    """
    sections = references.sections()
    columns = [column for section in sections for column in section['columns']]
    for record in records:
        if record.task != 'pretrain' and not any(shows(column, record) for column in columns):
            raise InputError(
                f'{file_name(record)}: no table shows {record.task} on {record.dataset} with '
                f'these metrics; add a column to mmbarlow/zoo/sections.json.'
            )
    page = _Page(group(records))
    parts = [INTRO, *(page.section(section) for section in sections), page.pretraining()]
    cited = '\n'.join(f'- **{key}**: {text}' for key, text in references.sources().items())
    return '\n'.join([*filter(None, parts), f'## Sources\n\n{cited}\n'])


class _Page:
    """Sections of the page; numbers the notes through."""

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self.notes = 0

    def section(self, section: dict) -> str:
        columns = section['columns']
        rows, notes = list(_published(columns, section.get('table'))), []
        for run in _own_runs(section, self.runs):
            shown = {file_name(r): r for column in columns for r in run.of(column)}
            source = self._cite(run, list(shown.values()), notes)
            rows.append([f'**{run.label}**', _pretraining(run), *_measured(run, columns), source])
        header = ['Method', 'Pretraining', *(column['header'] for column in columns), 'Source']
        title = f'## {section["title"]}\n\n{section["text"]}\n'
        return '\n'.join([title, table(header, rows), *notes])

    def pretraining(self) -> str:
        """The section of the pretraining runs and their curves; '' without any."""
        rows, notes = [], []
        for run in self.runs:
            found = run.pretraining()
            if not found:
                continue
            end = [f'{name} {measured(found, name, ".4g")}' for name in found[0].metrics]
            minutes = sum(r.wall_time_s for r in found) / len(found) / 60
            source = self._cite(run, found, notes)
            rows.append([f'`{run.pretrain_config}`', ', '.join(end), f'{minutes:.1f}', source])
            if found[0].curve:
                notes.append(_details(f'Curve, seed {found[0].seed}', curve(found[0])))
        if not rows:
            return ''
        header = ['Config', 'At the end', 'Minutes', 'Source']
        return '\n'.join(['## Pretraining runs\n', table(header, rows), *notes])

    def _cite(self, run: Run, records: list[Record], notes: list[str]) -> str:
        """The row's last cell; adds the note that it cites."""
        if not records:
            return 'not run here'
        self.notes += 1
        # Of any scale: a reduced benchmark can be of a network that was trained in full.
        origin = [
            r for other in self.runs if other.of_same_network(run) for r in other.pretraining()
        ]
        notes.append(note(self.notes, run, origin, records))
        counts = dict(seeds=seeds(records), runs=benchmark_seeds(records))
        parts = [f'{len(found)} {noun}' for noun, found in counts.items() if len(found) > 1]
        parts = ['this project', *parts, *['*reduced*'] * run.reduced]
        return f'{", ".join(parts)} [{self.notes}]'


def _own_runs(section: dict, runs: list[Run]) -> Iterator[Run]:
    """The section's rows of this project: those it always has, run or not, then any others."""
    left = [run for run in runs if any(run.of(column) for column in section['columns'])]
    for wanted in section['ours']:
        matching = [run for run in left if run.matches(wanted)]
        if all(run.reduced for run in matching):
            yield Run(wanted['model'], wanted.get('pretrain_config'), 'full', [])
        yield from matching
        left = [run for run in left if run not in matching]
    if 'table' not in section:
        yield from (run for run in left if not _in_a_table(run, section['columns']))


def _in_a_table(run: Run, columns: list[dict]) -> bool:
    """Whether the sections with a `table`, such as the ablations, have all of it in `columns`."""
    tables = [
        section
        for section in references.sections()
        if 'table' in section and any(run.matches(wanted) for wanted in section['ours'])
    ]
    shown = {file_name(r) for section in tables for c in section['columns'] for r in run.of(c)}
    return all(file_name(r) in shown for column in columns for r in run.of(column))


def _pretraining(run: Run) -> str:
    if run.pretrain_config is None:
        return '–'
    return ('none; network of ' * (run.model == 'untrained')) + f'`{run.pretrain_config}`'


def _measured(run: Run, columns: list[dict]) -> Iterator[str]:
    for column in columns:
        values = [measured(run.of(column), metric) for metric in column['metrics']]
        yield _cell(values, 'not run here' if run.records else '')


def _published(columns: list[dict], of_table: str | None) -> Iterator[list[str]]:
    """A row for each method, pretraining and source that has a number in these columns."""
    shown = {(column['task'], column['dataset']) for column in columns}
    rows: dict[tuple[str, str, str], dict] = {}
    for result in references.results():
        if (result['task'], result['dataset']) not in shown or result.get('table') != of_table:
            continue
        epochs, batch = result['epochs'], result['batch']
        pretraining = [result['backbone']]
        pretraining += [f'{epochs} epochs'] * bool(epochs) + [f'batch {batch}'] * bool(batch)
        source = f'{result["source"]}, {result["where"]}'
        source += f': {result["note"]}' if 'note' in result else ''
        row = rows.setdefault((result['method'], ', '.join(pretraining), source), {})
        row[result['task'], result['dataset']] = result['metrics']
    for (method, pretraining, source), found in rows.items():
        values = [
            [found.get((c['task'], c['dataset']), {}).get(name) for name in c['metrics']]
            if not c.get('ours_only')
            else [None]
            for c in columns
        ]
        if any(value is not None for cell in values for value in cell):
            yield [method, pretraining, *(_cell(cell, '–') for cell in values), source]


def _cell(values: Sequence[object], missing: str) -> str:
    if all(value is None for value in values):
        return missing
    return ' / '.join('–' if value is None else str(value) for value in values)


def _details(summary: str, text: str) -> str:
    return f'<details><summary>{summary}</summary>\n\n{text}\n</details>\n'
