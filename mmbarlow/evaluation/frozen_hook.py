"""A frozen network that is checked to be frozen."""

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class FrozenHook(Hook):
    """Freezes the backbone under a head: no gradients, BN in eval mode, and nothing moves.

    After every epoch each parameter and each buffer of the backbone must be, bit for bit, what it
    was at the start: after `model.train()` alone BN's running statistics would drift, which no
    gradient shows. Set the backbone's `frozen_stages` as well: DDP looks for the parameters that
    need gradients before any hook runs.

    Args:
        drift: leave BN in train mode, as mix-bt's `linear.py` does: it normalizes with the batch,
            and its running statistics drift with the images; the parameters are still checked.
            `frozen_stages` must then stay unset, since it stops BN, and DDP needs
            `find_unused_parameters=True` in the config.
    """

    priority = 'HIGH'  # before CheckpointHook, so that nothing that has moved is saved

    def __init__(self, drift: bool = False) -> None:
        self.drift = drift

    def before_train(self, runner) -> None:
        backbone = unwrap(runner.model).backbone.requires_grad_(False)
        self.start = {name: tensor.clone() for name, tensor in self._fixed(backbone)}

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if (
            batch_idx == 0 and not self.drift
        ):  # the runner's model.train() comes after before_train_epoch
            unwrap(runner.model).backbone.eval()

    def after_train_epoch(self, runner) -> None:
        """Raises InputError if a tensor of the backbone has moved, with its name."""
        for name, tensor in self._fixed(unwrap(runner.model).backbone):
            if not torch.equal(tensor, self.start[name]):
                raise InputError(
                    f'the frozen backbone moved: {name} is not what it was before epoch '
                    f'{runner.epoch + 1}. Set model.backbone.frozen_stages to its number of '
                    'stages, and look for other code that writes to it.'
                )

    def _fixed(self, module: nn.Module) -> list[tuple[str, Tensor]]:
        return [*module.named_parameters(), *([] if self.drift else module.named_buffers())]
