"""The second page of the zoo: how each measured row came about, and how to make it again."""

from collections.abc import Iterator

from mmbarlow.zoo.markdown import markdown_table
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, benchmark_seeds, measured, seeds

CURVE_ROWS = 8
PRETRAINING = 'Pretraining runs'
INTRO = """\
# Records of the model zoo

How each row of the [model zoo](../model_zoo.md) was measured: scale, seeds, dates, hardware and
commits, then for each config the command of the first seed and the records of all seeds. The
pretraining of the row's network comes first; [pretraining runs](#pretraining-runs) has the curves.
`tools/model_zoo.py` writes this page: do not edit it.
"""


class Notes:
    """Numbers the notes in the order in which rows cite them, and puts them on their page.

    Args:
        runs: all of them; a note looks among them for the pretraining of its row's network.
    """

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self.count = 0
        self.sections: dict[str, list[str]] = {}

    def add(self, section: str, run: Run, records: list[Record]) -> int:
        """Add the note of a row under a heading, and return its number."""
        self.count += 1
        # Of any scale: a reduced benchmark can be of a network that was trained in full.
        origin = [
            r for other in self.runs if other.of_same_network(run) for r in other.pretraining()
        ]
        used = [*origin, *(r for r in records if r.task != 'pretrain')]
        self.sections.setdefault(section, []).append(_note(self.count, run, used))
        return self.count

    def add_pretraining(self) -> None:
        """Add the section of the pretraining runs, with the curve of the first seed of each."""
        rows = []
        for run in self.runs:
            found = run.pretraining()
            if not found:
                continue
            number = self.add(PRETRAINING, run, found)
            if found[0].curve:
                self.sections[PRETRAINING].append(_curve(found[0].seed, found[0].curve))
            end = [f'{name} {measured(found, name, ".4g")}' for name in found[0].metrics]
            minutes = sum(r.wall_time_s for r in found) / len(found) / 60
            source = ', '.join([*run.marks(found), f'[note {number}](#note-{number})'])
            rows.append([f'`{run.pretrain_config}`', ', '.join(end), f'{minutes:.1f}', source])
        if rows:
            table = markdown_table(['Config', 'At the end', 'Minutes', 'Note'], rows)
            self.sections[PRETRAINING].insert(0, f'{table}\n')

    def page(self) -> str:
        sections = (f'## {title}\n\n{"".join(notes)}' for title, notes in self.sections.items())
        return '\n'.join([INTRO, *sections])


def _note(number: int, run: Run, records: list[Record]) -> str:
    """A list item in Markdown: scale, seeds, dates, hardware, commits; commands and records."""
    name = f'{run.label}, `{run.pretrain_config}`' if run.pretrain_config else run.label
    facts = [
        _numbered('seed', seeds(records)),
        *[_numbered('benchmark seed', runs) for runs in [benchmark_seeds(records)] if runs != [0]],
        ', '.join(sorted({r.date for r in records})),
        '; '.join(sorted({r.hardware for r in records})),
        f'commit {", ".join(sorted({_short(r.commit) for r in records}))}',
    ]
    scale = run.scale.rstrip('.')
    head = f'- <a id="note-{number}"></a>[{number}] {name}. Scale: {scale}; {"; ".join(facts)}.'
    return '\n'.join([head, *_commands(records)]) + '\n'


def _commands(records: list[Record]) -> Iterator[str]:
    """For each config the command of its first seed, and the records of all its seeds."""
    for config in dict.fromkeys(r.config for r in records):
        same = [r for r in records if r.config == config]
        same.sort(key=lambda r: (r.seed, r.benchmark_seed))
        yield f'    - `{config}`: `{same[0].command}`; {", ".join(map(_link, same))}'


def _link(r: Record) -> str:
    run = f', run {r.benchmark_seed}' if r.benchmark_seed else ''
    return f'[seed {r.seed}{run}](../mmbarlow/zoo/records/{file_name(r)})'


def _numbered(noun: str, numbers: list[int]) -> str:
    return f'{noun}{"s" * (len(numbers) > 1)} {", ".join(map(str, numbers))}'


def _short(commit: str) -> str:
    digits, _, dirty = commit.partition('-')
    return f'`{digits[:12]}`' + (' with uncommitted changes' if dirty else '')


def _curve(seed: int, points: list[dict[str, float]]) -> str:
    """A curve as a table: the first epoch, the last, and some between."""
    last = len(points) - 1
    steps = min(CURVE_ROWS - 1, last)
    rows = [points[round(i * last / steps)] if steps else points[0] for i in range(steps + 1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = ([f'{row[name]:.4g}' if name in row else '' for name in names] for row in rows)
    return f'\nThe curve of seed {seed}:\n\n{markdown_table(names, cells)}\n'
