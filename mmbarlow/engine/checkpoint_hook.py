"""Checkpoints that exist whole or not at all."""

from pathlib import Path

from mmengine import hooks

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(hooks.CheckpointHook):
    """MMEngine's CheckpointHook, which can also save at any step."""

    def save_now(self, runner) -> Path:
        """Write a checkpoint of the step that has just ended, and return when it is on disk.

        To be called in `after_train_iter`, by all processes. The file is `iter_N.pth`, N steps
        being complete.
        """
        name = f'iter_{runner.iter + 1}.pth'
        runner.save_checkpoint(self.out_dir, name, by_epoch=False, meta=None)
        return Path(self.out_dir, name)
