"""Stops a run before a NaN gets into all its checkpoints."""

import torch
from mmengine.hooks import Hook

from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stops the run with a clear sentence when the loss is NaN or infinite.

    It looks every `interval` steps, since each look waits for the device, and at the end of every
    epoch, before the checkpoint of the epoch is written.
    """

    priority = 'HIGH'  # before CheckpointHook, which deletes an old checkpoint first

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        assert outputs is not None
        due = self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner)
        due = due or self.end_of_epoch(runner.train_dataloader, batch_idx)
        if not due or torch.isfinite(outputs['loss']).all():
            return
        views = data_batch['inputs'] if isinstance(data_batch, dict) else []
        bad = sum(int((~torch.isfinite(v.flatten(1).float())).any(1).sum()) for v in views)
        cause = (
            f'{bad} of the views of this batch hold NaN or Inf values: check your images'
            if bad
            else 'the images of this batch are finite: lower optim_wrapper.optimizer.lr, or train '
            'without --amp'
        )
        raise InputError(
            f'the loss is {outputs["loss"].item()} at step {runner.iter + 1}; {cause}. '
            'The checkpoints written so far are good; --resume continues from the last one.'
        )
