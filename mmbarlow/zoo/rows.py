"""Rows of the first page's sections: published results, and runs of this project."""

from collections.abc import Iterator, Sequence

from mmbarlow.zoo import references
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, measured


def published_rows(section: dict) -> Iterator[list[str]]:
    """A row for each method, pretraining and source that has a number in the section."""
    columns = section['columns']
    keys = [None if c.get('ours_only') else (c['task'], c['dataset']) for c in columns]
    rows: dict[tuple[str, str, str], dict] = {}
    for result in references.results():
        key = (result['task'], result['dataset'])
        if key in keys and result.get('table') == section.get('table'):
            source = f'{result["source"]}, {result["where"]}'
            source += f': {result["note"]}' if 'note' in result else ''
            row = (result['method'], _published_pretraining(result), source)
            rows.setdefault(row, {})[key] = result['metrics']
    for (method, pretraining, source), found in rows.items():
        values = [
            [found.get(key, {}).get(name) for name in column['metrics']]
            for key, column in zip(keys, columns, strict=True)
        ]
        if any(value is not None for cell in values for value in cell):
            yield [method, pretraining, *(_cell(cell, '–') for cell in values), source]


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
    found = {file_name(r): r for column in section['columns'] for r in run.of(column)}
    return list(found.values())


def own_row(section: dict, run: Run, note: str | None) -> list[str]:
    """The row of a run, which cites its note; without a note it was not run."""
    source = ['this project', *run.marks(shown(section, run)), note] if note else ['not run here']
    cells = [
        _cell(_measured(run.of(column), column['metrics']), 'not run here' * bool(note))
        for column in section['columns']
    ]
    return [f'**{run.label}**', _own_pretraining(run), *cells, ', '.join(source)]


def _measured(records: list[Record], metrics: list[str]) -> list[str | None]:
    # A deviation over the draws of one seed would pass for one over seeds.
    names = [name for name in metrics if '_std' not in name or len(records) > 1]
    return [measured(records, name) for name in names]


def _own_pretraining(run: Run) -> str:
    if run.pretrain_config is None:
        return '–'
    return ('none; network of ' * (run.model == 'untrained')) + f'`{run.pretrain_config}`'


def _published_pretraining(result: dict) -> str:
    epochs, batch = result['epochs'], result['batch']
    facts = [f'{epochs} epochs'] * bool(epochs) + [f'batch {batch}'] * bool(batch)
    return ', '.join([result['backbone'], *facts])


def _cell(values: Sequence[object], missing: str) -> str:
    if all(value is None for value in values):
        return missing
    return ' / '.join('–' if value is None else str(value) for value in values)
