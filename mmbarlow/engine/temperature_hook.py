"""Stops a run when the temperatures of AMCL have reached their lower bound."""

from mmengine.hooks import Hook

from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class TemperatureHook(Hook):
    """Stops the run when too many temperatures of negative pairs are at tau_min.

    There -beta Omega(tau), which only C_lm opposes, is lowest, the sigmoid has no slope by which a
    temperature could leave, and lambda / tau lets noise in C_lm dominate the redundancy term
    (docs/variants.md). The hook looks every `interval` steps, since each look waits for the
    device; a head with a fixed temperature has nothing to look at.

    Args:
        max_share: largest share of the negative pairs whose temperature may be within 1 % of the
            range from tau_min; `tau_negative_min_share` in the log.

    Raises:
        InputError: `max_share` is not a share, or too many temperatures are at tau_min.
    """

    priority = 'HIGH'  # before CheckpointHook, as FiniteLossHook

    def __init__(self, max_share: float = 0.5, interval: int = 50) -> None:
        if not 0 < max_share <= 1:
            raise InputError(f'max_share must be above 0 and at most 1, got {max_share}.')
        self.max_share = max_share
        self.interval = interval

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        assert outputs is not None
        share = outputs.get('tau_negative_min_share')
        if share is None or not self.every_n_train_iters(runner, self.interval):
            return
        if share.item() <= self.max_share:
            return
        regularizer = outputs['loss_regularizer'].item()
        raise InputError(
            f'{share.item():.0%} of the temperatures of negative pairs are at tau_min at step '
            f'{runner.iter + 1}, and loss_regularizer is {regularizer:.3g}: set a lower '
            'model.head.beta, a higher model.head.temperature.tau_min or a smaller std in its '
            'init_cfg; to continue anyway, set a higher max_share of mmbarlow.TemperatureHook.'
        )
