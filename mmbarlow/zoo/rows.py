"""Rows of the first page's sections: published results, and runs of this project."""

from collections.abc import Iterator, Sequence

from mmbarlow.zoo import references
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, measured


def published_rows(section: dict) -> Iterator[list[str]]:
    """A row for each method, pretraining and source that has a number in the section."""
    columns = section['columns']
    rows: dict[tuple[str, ...], list[str]] = {}
    for result in references.results():
        if result.get('table') != section.get('table'):
            continue
        facts = [f'{result["epochs"]} epochs'] * bool(result['epochs'])
        facts += [f'batch {result["batch"]}'] * bool(result['batch'])
        source = f'{result["source"]}, {result["where"]}'
        source += f': {result["note"]}' if 'note' in result else ''
        row = result['method'], ', '.join([result['backbone'], *facts]), source
        for i, column in enumerate(columns):
            if references.shows(column, result):
                numbers = [result['metrics'].get(name) for name in column['metrics']]
                rows.setdefault(row, ['–'] * len(columns))[i] = _cell(numbers, '–')
    for (method, pretraining, source), cells in rows.items():
        yield [method, pretraining, *cells, source]


def own_runs(section: dict, runs: list[Run]) -> Iterator[Run]:
    """The runs that have a row: those the section always shows, run or not, then any others."""
    left = [run for run in runs if shown(section, run)]
    for wanted in section['ours']:
        matching = [run for run in left if run.matches(wanted)]
        if all(run.reduced for run in matching):
            yield Run(wanted['model'], wanted.get('pretrain_config'), 'full', [])
        yield from matching
        left = [run for run in left if run not in matching]
    if 'table' in section:
        return
    ablations = [other for other in references.sections() if 'table' in other]
    for run in left:
        own = [other for other in ablations if any(map(run.matches, other['ours']))]
        elsewhere = [r for other in own for r in shown(other, run)]
        if any(r not in elsewhere for r in shown(section, run)):
            yield run


def shown(section: dict, run: Run) -> list[Record]:
    """What the section's columns show of the run."""
    return list({file_name(r): r for column in section['columns'] for r in run.of(column)}.values())


def own_row(section: dict, run: Run, note: str) -> list[str]:
    """The row of a run, which cites its note; without a note it was not run."""
    cells = []
    for column in section['columns']:
        found = run.of(column)
        # A deviation over the draws of one seed would pass for one over seeds.
        names = [name for name in column['metrics'] if '_std' not in name or len(found) > 1]
        numbers = [measured(found, name) for name in names]
        cells.append(_cell(numbers, 'not run here' * bool(note)))
    source = ['this project', *run.marks(shown(section, run)), note] if note else ['not run here']
    pretraining = 'none; network of ' * (run.model == 'untrained') + f'`{run.pretrain_config}`'
    if run.pretrain_config is None:
        pretraining = '–'
    return [f'**{run.label}**', pretraining, *cells, ', '.join(source)]


def _cell(values: Sequence[object], missing: str) -> str:
    if all(value is None for value in values):
        return missing
    return ' / '.join('–' if value is None else str(value) for value in values)
