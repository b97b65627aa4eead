"""The second page of the zoo: how each measured row came about, and how to make it again."""

from collections.abc import Iterator
from statistics import fmean

from mmbarlow.zoo.curve import thinned
from mmbarlow.zoo.markdown import code, markdown_table, plain
from mmbarlow.zoo.records import Record, file_name
from mmbarlow.zoo.runs import Run, measured, seeds

NOTES_INTRO = """\
# Records of the model zoo

How each row of the [model zoo](../model_zoo.md) was measured: scale, seeds, dates, hardware and
commits, then for each config the command of the first seed and the records of all seeds. The
pretraining of the row's network comes first; [pretraining runs](#pretraining-runs) has the curves.
`tools/model_zoo.py` writes this page: do not edit it.
"""


def note(number: int, run: Run, records: list[Record], runs: list[Run]) -> str:
    """A list item in Markdown: scale, seeds, dates, hardware, commits; commands and records.

    Args:
        number: by which rows cite it.
        records: those of `run` that a row shows.
        runs: all of them; among them is the pretraining of the run's network.
    """
    # Of any scale: a reduced benchmark can be of a network that was trained in full.
    origin = (r for other in runs if other.matches(vars(run)) for r in other.pretraining())
    used = [*origin, *(r for r in records if r.task != 'pretrain')]
    draws = sorted({r.benchmark_seed for r in used})
    facts = [
        _numbered('seed', seeds(used)),
        *[_numbered('benchmark seed', draws)] * (draws != [0]),
        ', '.join(sorted({r.date for r in used})),
        '; '.join(sorted({plain(r.hardware) for r in used})),
        f'commit {", ".join(sorted({_short(r.commit) for r in used}))}',
    ]
    name = f'{run.label}, `{run.pretrain_config}`' if run.pretrain_config else run.label
    scale = plain(run.scale.rstrip('.'))
    text = f'- <a id="note-{number}"></a>[{number}] {name}. Scale: {scale}; {"; ".join(facts)}.\n'
    for changed in sorted({r.recipe_changed for r in used if r.recipe_changed}):
        configs = ', '.join(sorted({r.config for r in used if r.recipe_changed == changed}))
        text += f'    - Recipe of {configs} changed since: {changed}\n'
    # For each config the command of its first seed, and the records of all its seeds.
    for config in dict.fromkeys(r.config for r in used):
        same = [r for r in used if r.config == config]
        same.sort(key=lambda r: (r.seed, r.benchmark_seed))
        text += f'    - `{config}`: {code(same[0].command)}; {", ".join(map(_link, same))}\n'
    return text


def pretraining_notes(numbers: Iterator[int], runs: list[Run]) -> str:
    """The table and notes of the pretraining runs, with the curve of the first seed of each."""
    rows, notes = [], ''
    for run, number in zip(filter(Run.pretraining, runs), numbers, strict=False):
        found = run.pretraining()
        notes += note(number, run, found, runs)
        if found[0].curve:
            notes += _curve_table(found[0].seed, found[0].curve)
        end = [f'{plain(name)} {measured(found, name, ".4g")}' for name in found[0].metrics]
        minutes = fmean(r.wall_time_s for r in found) / 60
        source = ', '.join([*run.marks(found), f'[note {number}](#note-{number})'])
        rows.append([f'`{run.pretrain_config}`', ', '.join(end), f'{minutes:.1f}', source])
    table = markdown_table(['Config', 'At the end', 'Minutes', 'Note'], rows)
    return f'{table}\n{notes}' * bool(rows)


def _link(r: Record) -> str:
    run = f', run {r.benchmark_seed}' if r.benchmark_seed else ''
    return f'[seed {r.seed}{run}](../mmbarlow/zoo/records/{file_name(r)})'


def _numbered(noun: str, numbers: list[int]) -> str:
    return f'{noun}{"s" * (len(numbers) > 1)} {", ".join(map(str, numbers))}'


def _short(commit: str) -> str:
    digits, _, dirty = commit.partition('-')
    return f'`{digits[:12]}`' + ' with uncommitted changes' * bool(dirty)


def _curve_table(seed: int, curve: list[dict[str, float]]) -> str:
    points = thinned(curve, 8)
    names = list(dict.fromkeys(name for point in points for name in point))
    cells = ([f'{point[name]:.4g}' if name in point else '' for name in names] for point in points)
    return (
        f'\nThe curve of seed {seed}:\n\n{markdown_table([plain(name) for name in names], cells)}\n'
    )
