"""BN's running statistics in several processes without SyncBN."""

from mmengine.dist import all_reduce_params
from mmengine.hooks import Hook

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class SyncTrainedBuffersHook(Hook):
    """Averages the buffers of the modules in training mode over the processes after each epoch.

    MMEngine's SyncBuffersHook averages all buffers, and the mean of equal numbers over three
    processes need not be that number: a frozen backbone would move by a rounding error.
    """

    priority = 'HIGH'  # before CheckpointHook

    def after_train_epoch(self, runner) -> None:
        buffers = [
            buffer
            for module in runner.model.modules()
            if module.training
            for buffer in module.buffers(recurse=False)
            if buffer.is_floating_point()
        ]
        all_reduce_params(buffers, op='mean')
