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
        super().__init__(optimizer, **kwargs)
        if self.begin + warmup >= self.end:
            raise InputError(
                f'a warm-up of {warmup} leaves nothing of a schedule from {self.begin} to '
                f'{self.end}: set param_scheduler.warmup to less than the number of epochs.'
            )

    @classmethod
    def build_iter_from_epoch(
        cls, *args, warmup: int, begin=0, end: int, by_epoch=True, epoch_length: int, **kwargs
    ) -> 'WarmupCosineLR':
        """The same schedule counted in steps, of which each epoch has `epoch_length`."""
        assert by_epoch, 'only an epoch-based schedule can be converted to steps'
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
