"""What the rules of early failure say of a training, from its measurements."""

import json
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from statistics import fmean

from mmengine.hooks import Hook

from mmbarlow.evaluation.failure_rules import RULES, FailureRule
from mmbarlow.evaluation.failure_signs_hook import FailureSignsHook
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class SignsWriter(Hook):
    """Writes what the rules have read at each measurement, and the settings of the run.

    Args:
        file: a line of JSON for each measurement.
        steps: after which the training is left; by default its last.
    """

    priority = 'LOWEST'

    def __init__(self, file: str, steps: int | None = None) -> None:
        self.file, self.step, self.steps = Path(file), 0, steps

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        (hook,) = [h for h in runner.hooks if isinstance(h, FailureSignsHook)]
        if hook.seen > self.step:
            self.step = hook.seen
            line = dict(step=self.step, steps=runner.max_iters, settings=hook.settings)
            with self.file.open('a') as file:
                file.write(json.dumps(line | dict(values=hook.values)) + '\n')
        if runner.iter + 1 == self.steps:
            raise SystemExit(0)


@dataclass
class Verdict:
    """Of a training: the step and the value at which each rule spoke.

    Attributes:
        nearest: by rule, the most extreme value of its first limit, in the mean over its patience,
            while its other limits were passed; None where they never were.
    """

    steps: int
    fired: dict[str, int] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    nearest: dict[str, float | None] = field(default_factory=dict)
    wrong: bool = False

    @property
    def early(self) -> dict[str, bool]:
        """Of each rule that spoke, whether within a third of the training."""
        return {name: step <= self.steps / 3 for name, step in self.fired.items()}

    def said(self) -> str:
        return '; '.join(f'{n} at step {i} of {self.steps}' for n, i in self.fired.items()) or '-'


def verdict_of(file: Path) -> Verdict:
    """What the rules say of the measurements in `file`, a line each."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    hook, found, seen = FailureSignsHook(), Verdict(lines[0]['steps']), []
    for line in lines:
        hook.settings = line['settings']
        for rule in hook.judge(line['values'], line['step'], line['steps']):
            last = [signs[main_limit(rule)] for _, signs in hook.recent[-rule.patience :]]
            found.values[rule.name] = fmean(last)
        seen.append((line['step'] / line['steps'], hook.signs))
    found.fired = hook.fired
    found.nearest = {rule.name: nearest(rule, seen) for rule in RULES}
    return found


def main_limit(rule: FailureRule) -> str:
    return next(iter([*rule.above, *rule.below]))


def nearest(rule: FailureRule, seen: list[tuple[float, dict[str, float]]]) -> float | None:
    name = main_limit(rule)
    up = name in rule.above
    free = FailureRule(
        rule.name,
        '',
        above={k: v for k, v in rule.above.items() if k != name},
        below={k: v for k, v in rule.below.items() if k != name},
        after=rule.after,
        before=rule.before,
        patience=rule.patience,
    )
    means = [
        fmean(signs.get(name, nan) for _, signs in seen[end - rule.patience : end])
        for end in range(rule.patience, len(seen) + 1)
        if free.holds(seen[:end])
    ]
    return (max if up else min)((x for x in means if isfinite(x)), default=None)
