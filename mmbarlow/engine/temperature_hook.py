"""Stopping when the temperatures of AMCL have run into their lower bound."""

from mmengine.hooks import Hook

from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class TemperatureHook(Hook):
    """Stops the run when too many temperatures of negative pairs are at tau_min.

    There -beta Omega(tau), which nothing but C_lm holds up, is least, the sigmoid has no slope to
    leave by, and lambda / tau makes noise of C_lm the whole of the redundancy term
    (docs/variants.md). Looks every `interval` steps, each look waits for the device; a head with
    a fixed temperature has nothing to look at.

    Args:
        max_share: most of the negative pairs whose temperature may be within 1 % of the range
            from tau_min, `tau_negative_min_share` of the log.
        interval: steps between two looks.
    """

    priority = 'HIGH'  # before CheckpointHook, as FiniteLossHook

    def __init__(self, max_share: float = 0.5, interval: int = 50) -> None:
        if not 0 < max_share <= 1:
            raise InputError(f'max_share={max_share} of the pairs: set it above 0 and up to 1.')
        self.max_share = max_share
        self.interval = interval

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        assert outputs is not None
        if 'tau_negative_min_share' not in outputs:
            return
        if not self.every_n_train_iters(runner, self.interval):
            return
        share = outputs['tau_negative_min_share'].item()
        if share <= self.max_share:
            return
        regularizer = outputs['loss_regularizer'].item()
        raise InputError(
            f'{share:.0%} of the temperatures of negative pairs are at tau_min at step '
            f'{runner.iter + 1}, and loss_regularizer is {regularizer:.3g}: set a lower '
            'model.head.beta, a higher model.head.temperature.tau_min or a smaller std in its '
            'init_cfg; or a higher max_share of mmbarlow.TemperatureHook to go on all the same.'
        )
