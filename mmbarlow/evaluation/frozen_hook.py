"""A frozen network that is shown to be frozen."""

import itertools

import torch
from mmengine.hooks import Hook
from torch import Tensor

from mmbarlow.checkpoints import unwrap
from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class FrozenHook(Hook):
    """Trains a head on a frozen backbone: no gradients, BN in eval mode, and nothing moves.

    After every epoch each parameter and each buffer of the backbone must be, bit for bit, what it
    was at the start. `model.train()` alone lets BN's running statistics drift, which no gradient
    shows. Give the backbone `frozen_stages` as well: under DDP, which asks for gradients before
    any hook runs, a frozen parameter must say so from the beginning.
    """

    priority = 'HIGH'  # before CheckpointHook: what has moved is not saved

    def before_train(self, runner) -> None:
        backbone = unwrap(runner.model).backbone.requires_grad_(False)
        self.start = {name: tensor.clone() for name, tensor in tensors(backbone)}

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if batch_idx == 0:  # the runner's model.train() comes after before_train_epoch
            unwrap(runner.model).backbone.eval()

    def after_train_epoch(self, runner) -> None:
        """Raises InputError, with its name, if a tensor of the backbone has moved."""
        for name, tensor in tensors(unwrap(runner.model).backbone):
            if not torch.equal(tensor, self.start[name]):
                raise InputError(
                    f'the frozen backbone moved: {name} is not what it was before epoch '
                    f'{runner.epoch + 1}. Set model.backbone.frozen_stages to all of its stages, '
                    'and look for what else writes to it.'
                )


def tensors(module: torch.nn.Module) -> itertools.chain[tuple[str, Tensor]]:
    return itertools.chain(module.named_parameters(), module.named_buffers())
