"""Measures the early signs of failure: on trainings that fail, and on trainings that do not.

    python tools/failure_signs.py                      # on digits: about 10 minutes of a core
    python tools/failure_signs.py --cifar10 data/cifar10    # and the start of shipped recipes
    python tools/failure_signs.py --only 'rate 0' barlowtwins

Each rule has to speak within a third of the trainings that it is for, and never in a healthy one.
What was measured in each training is kept in --folder; a training that is there is not run again,
so that another threshold costs nothing. Exit status 1 says that a rule was silent or wrong.
"""

import argparse
import gc
import os
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # trainings are forks, and threads do not fork

from attacks.failures import BROKEN, HEALTHY, RECIPES, config_of
from attacks.runs import Training
from attacks.signs import Verdict, verdict_of
from mmbarlow import cli, registered
from mmbarlow.errors import InputError
from mmbarlow.evaluation.failure_rules import RULES, FailureRule


def main() -> int:
    args = parse()
    assert registered
    gc.freeze()  # what all trainings share is not looked through in each of them
    found = BROKEN | HEALTHY | (RECIPES if args.cifar10 else {})
    trainings = [name for name in found if not args.only or name in args.only]
    verdicts = {}
    for name in trainings:
        verdict = verdicts[name] = verdict_of(measure(name, args.folder, args.cifar10))
        wanted = BROKEN[name].rule if name in BROKEN else ''
        early = verdict.early.get(wanted) if wanted else not verdict.fired
        print(f'{"as wanted" if early else "WRONG    "}  {name}: {verdict.said()}', flush=True)
        verdict.wrong = not early
    print('\n' + '\n'.join(table(verdicts)))
    return int(any(verdict.wrong for verdict in verdicts.values()))


def measure(name: str, folder: Path, cifar10: str) -> Path:
    """The measurements of a training, one a line; it is run unless they are there."""
    file, work_dir = folder / f'{name}.jsonl', folder / 'work' / name
    if not file.exists():
        work_dir.mkdir(parents=True, exist_ok=True)
        written = work_dir.with_suffix('.part')
        written.unlink(missing_ok=True)
        config = work_dir.with_suffix('.py')
        config_of(name, str(written), cifar10).dump(config)
        Training(config, work_dir, []).wait(limit=3600)  # one that ends in NaN has status 2
        if not written.exists():
            raise InputError(f'{name} ended before its first step: {work_dir}.log says why.')
        written.rename(file)
    return file


def table(verdicts: dict[str, Verdict]) -> list[str]:
    lines = ['| rule | threshold | broken runs: when it spoke, and the value | healthy runs |']
    lines += ['|---|---|---|---|']
    return lines + [_row(rule, verdicts) for rule in RULES]


def _row(rule: FailureRule, verdicts: dict[str, Verdict]) -> str:
    """A rule with what its first limit is of, in the runs it is for and in healthy ones."""
    limits = [(k, '>', v) for k, v in rule.above.items()]
    limits += [(k, '<', v) for k, v in rule.below.items()]
    threshold = ' and '.join(f'`{k}` {sign} {v:g}' for k, sign, v in limits)
    ours = {n: v for n, v in verdicts.items() if n in BROKEN and BROKEN[n].rule == rule.name}
    broken = '; '.join(
        f'{name}: step {v.fired[rule.name]} of {v.steps}, {v.values[rule.name]:.3g}'
        for name, v in ours.items()
        if rule.name in v.fired
    )
    kept = [v.nearest[rule.name] for n, v in verdicts.items() if n not in BROKEN]
    kept = [x for x in kept if x is not None]
    healthy = f'{min(kept):.3g} to {max(kept):.3g} in {len(kept)}' if kept else 'none comes near'
    return f'| {rule.name} | {threshold} | {broken or "-"} | {healthy} |'


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='The early signs of failure, measured.')
    add = parser.add_argument
    add('--only', nargs='+', choices=[*BROKEN, *HEALTHY, *RECIPES], metavar='NAME')
    add('--folder', type=Path, default=Path('work_dirs/failure_signs'))
    add('--cifar10', default='', help='folder with train/, for the recipes on CIFAR-10')
    return parser.parse_args()


if __name__ == '__main__':
    cli.run(main)
