"""The tables of the study, from its records."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mmbarlow.errors import InputError
from mmbarlow.studies.choosing.ranking import (
    choice_regret,
    interval,
    rank_correlations,
    sweep_regrets,
)
from mmbarlow.studies.choosing.rules import OF_A_RUN, RULES, Line, scores_of
from mmbarlow.zoo.markdown import markdown_table

TARGETS = dict(knn='kNN', linear='linear')
Runs = dict[str, list[Line]]  # the checkpoints of each run, in their order


def read_measurements(source: Path) -> list[Line]:
    """The lines of a file, or of all `*.jsonl` files of a folder, by their names.

    Raises:
        InputError: there are none, or one is no record of a checkpoint.
    """
    files = [source] if source.is_file() else sorted(source.glob('*.jsonl'))
    lines = []
    for file in files:
        for number, text in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
            try:
                line = json.loads(text)
                complete = all(name in line for name in ('run', 'dataset', 'epoch', *TARGETS))
            except (ValueError, TypeError):
                complete = False
            if not complete:
                raise InputError(f'{file}, line {number}, is no record of a checkpoint.')
            lines.append(line)
    if not lines:
        raise InputError(f'{source} has no records: make them with `choose_checkpoint.py run`.')
    return lines


def runs_of(lines: Iterable[Line], dataset: str) -> Runs:
    runs: Runs = {}
    for line in lines:
        if line['dataset'] == dataset:
            runs.setdefault(line['run'], []).append(line)
    return runs


def within_table(runs: Runs) -> str:
    """Of each rule: how it orders the checkpoints of a run, and what its choice costs."""
    several = [lines for lines in runs.values() if len(lines) > 2]
    rows = []
    for rule in RULES.values():
        row = [rule.title]
        for target in TARGETS:
            cases = [(scores_of(rule, run), [line[target] for line in run]) for run in several]
            rho, tau = np.transpose([rank_correlations(*case) for case in cases])
            regrets = np.array([choice_regret(*case) for case in cases])
            row += [_mean_and_interval(rho), f'{np.nanmean(tau):.2f}', _spread(regrets)]
        rows.append(row)
    return _table('rule', rows)


def between_table(runs: Runs) -> str:
    """Of each rule: how it orders the last checkpoints of runs, and what its choice costs."""
    ends = [lines[-1] for lines in runs.values()]
    rows = []
    for name in OF_A_RUN:
        row, s = [RULES[name].title], np.array(scores_of(RULES[name], ends))
        for target in TARGETS:
            v = np.array([line[target] for line in ends])
            rho, tau = rank_correlations(s, v)
            low, high = interval(len(s), lambda i, s=s, v=v: rank_correlations(s[i], v[i])[0])
            row += [f'{rho:.2f} ({low:.2f} to {high:.2f})', f'{tau:.2f}', _of_sweeps(s, v)]
        rows.append(row)
    nothing = ['any run']
    for target in TARGETS:
        v = np.array([line[target] for line in ends])
        nothing += ['–', '–', _of_sweeps(np.zeros(len(v)), v)]
    return _table('rule', [*rows, nothing])


def _table(first: str, rows: list[list[str]]) -> str:
    columns = ('rho', 'tau', 'regret: median, mean, worst')
    header = [first, *(f'{label}: {name}' for label in TARGETS.values() for name in columns)]
    return markdown_table(header, rows)


def _mean_and_interval(values: np.ndarray) -> str:
    low, high = interval(len(values), lambda i: float(np.nanmean(values[i])))
    return f'{np.nanmean(values):.2f} ({low:.2f} to {high:.2f})'


def _spread(regrets: np.ndarray) -> str:
    """Those of runs: median with its interval, mean, worst."""
    return _described(regrets, interval(len(regrets), lambda i: float(np.median(regrets[i]))))


def _of_sweeps(scores: np.ndarray, values: np.ndarray) -> str:
    """The same of sweeps; the interval is over runs, since sweeps share them."""

    def of_drawn(i: np.ndarray) -> float:
        return float(np.median(sweep_regrets(scores[i], values[i])))

    return _described(sweep_regrets(scores, values), interval(len(scores), of_drawn))


def _described(regrets: np.ndarray, ends: tuple[float, float]) -> str:
    spread = f'{np.median(regrets):.2f} ({ends[0]:.2f} to {ends[1]:.2f})'
    return f'{spread}, {regrets.mean():.2f}, {regrets.max():.1f}'


def runs_table(runs: Runs) -> str:
    """Each run: what is varied, its best and its last checkpoint."""
    rows = []
    for name, lines in sorted(runs.items(), key=lambda item: -item[1][-1]['knn']):
        best = max(lines, key=lambda line: line['knn'])
        end = lines[-1]
        rows.append([
            name, end['varies'], f'{len(lines)}', f'{best["knn"]:.1f} at {best["epoch"]}',
            f'{end["knn"]:.1f} at {end["epoch"]}', f'{end["linear"]:.1f}',
        ])  # fmt: skip
    header = ['run', 'varies', 'checkpoints', 'best kNN, epoch', 'last kNN, epoch', 'last linear']
    return markdown_table(header, rows)
