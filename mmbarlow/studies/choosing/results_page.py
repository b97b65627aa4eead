"""The page of the study: tables and figures, made from its records."""

import json
from pathlib import Path

from mmbarlow.files import write_atomically
from mmbarlow.studies.choosing.charts import draw_scatter
from mmbarlow.studies.choosing.ranking import SWEEP
from mmbarlow.studies.choosing.tables import (
    Runs,
    between_table,
    read_measurements,
    runs_of,
    runs_table,
    within_table,
)

TITLES = dict(digits='Digits', cifar10='CIFAR-10')
FEWEST_RUNS = 6  # of a table between runs
HEAD = """\
# Choosing a checkpoint: results

Made by `tools/choose_checkpoint.py page` from {checkpoints} checkpoints of {runs} runs
([choosing.jsonl](choosing.jsonl)); do not edit. [choosing.md](choosing.md) says what was done, and
what follows from it.

`rho` is Spearman's and `tau` Kendall's rank correlation with the accuracy, 1 where the order is the
same, and -1 where it is reversed. A regret is in points of accuracy: what the best checkpoint (or
run) has above the chosen one. In parentheses is the middle 95 % of a bootstrap over runs.
"""
PART = """\
## {title}: within a run

{count} runs. A rule chooses one of the checkpoints of a run; rho and tau are means over the runs.

{table}
"""
BETWEEN = f"""\
## {{title}}: between runs

A rule orders the last checkpoints of {{count}} runs. The regret is that of choosing one of {SWEEP}
runs, over 400 draws of {SWEEP}; "any run" takes one without looking.

{{table}}
"""


def write_results(source: Path, out: Path) -> list[str]:
    """Write `choosing_results.md`, its figures and `choosing.jsonl` into `out`; returns the tables.

    Raises:
        InputError: see `read_measurements`.
    """
    lines = read_measurements(source)
    out.mkdir(parents=True, exist_ok=True)
    names = {line['run'] for line in lines}
    page, tables = [HEAD.format(checkpoints=len(lines), runs=len(names))], []
    for dataset, title in TITLES.items():
        if runs := runs_of(lines, dataset):
            tables += _tables(runs, title)
            figure = f'choosing_{dataset}.png'
            draw_scatter(runs, title, out / figure)
            page += [*tables[-2:], f'![{title}: criteria against kNN]({figure})\n']
            page.append(f'### The runs of {title}\n\n{runs_table(runs)}')
    write_atomically(out / 'choosing_results.md', '\n'.join(page))
    whole = ''.join(json.dumps(line) + '\n' for line in lines)
    write_atomically(out / 'choosing.jsonl', whole)
    return tables


def _tables(runs: Runs, title: str) -> list[str]:
    within = PART.format(title=title, count=len(runs), table=within_table(runs))
    few = f'## {title}: between runs\n\nThe records are of fewer than {FEWEST_RUNS} runs.\n'
    if len(runs) < FEWEST_RUNS:
        return [within, few]
    return [within, BETWEEN.format(title=title, count=len(runs), table=between_table(runs))]
