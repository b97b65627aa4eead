"""Running statistics of BN in processes without SyncBN."""

from mmengine.dist import all_reduce_params
from mmengine.hooks import Hook

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class SyncTrainedBuffersHook(Hook):
    """Averages, after each epoch, the buffers of the modules that are being trained.

    MMEngine's SyncBuffersHook averages all of them, and the mean of equal numbers over three
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
        if buffers:
            all_reduce_params(buffers, op='mean')
