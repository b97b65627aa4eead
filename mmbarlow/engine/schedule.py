"""The learning-rate schedule of the official code."""

import math

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from mmbarlow.errors import InputError
from mmbarlow.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(LRSchedulerMixin, _ParamScheduler):
    """Linear warm-up from exactly 0, then cosine to `eta_min_ratio` of each group's own rate.

    `adjust_learning_rate` of the official `main.py`, in closed form, per step and per group.
    MMEngine's LinearLR and CosineAnnealingLR come close but start above 0, end the warm-up one
    step early, and with MMSelfSup's absolute `eta_min=0.0016` leave the bias group 42 times too
    high at the end.

    Args:
        warmup: length of the warm-up; epochs in a config, where `convert_to_iter_based=True`
            turns it, `begin` and `end` into steps.
        eta_min_ratio: final rate over initial rate of each group.
        **kwargs: `begin`, `end`, `by_epoch`, `last_step`, `verbose` of MMEngine's schedulers.
    """

    def __init__(self, optimizer, warmup: int, eta_min_ratio: float = 0.001, **kwargs) -> None:
        self.warmup = warmup
        self.eta_min_ratio = eta_min_ratio
        unit = 'epochs' if kwargs.get('by_epoch', True) else 'iterations'
        _check(warmup, kwargs.get('begin', 0), kwargs.get('end', math.inf), unit)
        super().__init__(optimizer, **kwargs)

    @classmethod
    def build_iter_from_epoch(
        cls, *args, warmup: int, begin=0, end: int, by_epoch=True, epoch_length: int, **kwargs
    ) -> 'WarmupCosineLR':
        """The same schedule counted in steps, of which each epoch has `epoch_length`."""
        assert by_epoch, 'only an epoch-based schedule can be converted to steps'
        _check(warmup, begin, end, 'epochs')
        warmup, begin, end = (x * epoch_length for x in (warmup, begin, end))
        return cls(*args, warmup=warmup, begin=begin, end=end, by_epoch=False, **kwargs)

    def _get_value(self) -> list[float]:
        step, total = self.last_step, self.end - self.begin
        if step < self.warmup:
            factor = step / self.warmup
        else:
            q = 0.5 * (1 + math.cos(math.pi * (step - self.warmup) / (total - self.warmup)))
            factor = q + (1 - q) * self.eta_min_ratio
        return [base * factor for base in self.base_values]


def _check(warmup: float, begin: int, end: float, unit: str) -> None:
    if not 0 <= warmup < end - begin:
        raise InputError(
            f'a warm-up of {warmup} {unit} leaves nothing of a schedule of {end - begin}: set '
            f'param_scheduler.warmup to 0 or more, and to less than the number of {unit}.'
        )
