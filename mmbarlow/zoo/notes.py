"""The notes under a table: how each measured row came about, and how to make it again."""

from collections.abc import Iterable, Sequence

from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, benchmark_seeds, seeds

CURVE_ROWS = 8


def note(number: int, run: Run, pretraining: list[Record], records: list[Record]) -> str:
    """A list item in Markdown: scale, seeds, dates, hardware, commits; commands and records.

    Args:
        number: of the note, as the table's row cites it.
        run: the row's run.
        pretraining: the records of how its network was made, listed before the others.
        records: what the row shows.
    """
    used = [*pretraining, *(r for r in records if r.task != 'pretrain')]
    name = f'{run.label}, `{run.pretrain_config}`' if run.pretrain_config else run.label
    facts = [
        _counted('seed', seeds(used)),
        *[_counted('benchmark seed', runs) for runs in [benchmark_seeds(used)] if runs != [0]],
        _listed(sorted({r.date for r in used})),
        '; '.join(sorted({r.hardware for r in used})),
        f'commit {_listed(sorted({_short(r.commit) for r in used}))}',
    ]
    commands = '\n'.join(_commands(used))
    return (
        f'- [{number}] {name}. Scale: {run.scale.rstrip(".")}; {"; ".join(facts)}.\n'
        f'  <details><summary>Commands and records</summary>\n\n{commands}\n\n  </details>\n'
    )


def curve(record: Record) -> str:
    """The record's curve as a Markdown table: the first epoch, the last, and some between."""
    points = record.curve or []
    last = len(points) - 1
    steps = min(CURVE_ROWS - 1, last)
    rows = [points[round(i * last / steps)] if steps else points[0] for i in range(steps + 1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = ([f'{row[name]:.4g}' if name in row else '' for name in names] for row in rows)
    return table(names, cells)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def _commands(records: list[Record]) -> list[str]:
    """For each config the command of its first seed, and the records of all its seeds."""

    def link(r: Record) -> str:
        run = f', run {r.benchmark_seed}' if r.benchmark_seed else ''
        return f'[seed {r.seed}{run}](mmbarlow/zoo/records/{file_name(r)})'

    lines = []
    for config in dict.fromkeys(r.config for r in records):
        same = [r for r in records if r.config == config]
        same.sort(key=lambda r: (r.seed, r.benchmark_seed))
        lines.append(f'  - `{config}`: `{same[0].command}`; {_listed(map(link, same))}')
    return lines


def _counted(noun: str, numbers: list[int]) -> str:
    return f'{noun}{"s" * (len(numbers) > 1)} {_listed(numbers)}'


def _short(commit: str) -> str:
    digits, _, dirty = commit.partition('-')
    return f'`{digits[:12]}`' + (' with uncommitted changes' if dirty else '')


def _listed(items: Iterable) -> str:
    return ', '.join(map(str, items))
