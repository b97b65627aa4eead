"""BN's running statistics, measured anew with the weights that are evaluated."""

import torch
from mmengine.dist import all_reduce_params
from mmengine.hooks import Hook
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.checkpoints import unwrap
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class PreciseBNHook(Hook):
    """detectron2's PRECISE_BN, for runs that count iterations.

    Before each evaluation the running mean and variance of every BN layer in training mode are set
    to the plain mean of those of `iterations` training batches, all with the current weights. The
    batches are the next ones of the training loader, which continues after them.

    mmpretrain's hook of this name does not work for detectors: its forward pass is that of a test,
    in which res5 gets other RoIs than in training; it reads the loader's `batch_size`, which is
    None where a batch sampler groups the images; and it restarts the loader's workers.
    """

    def __init__(self, iterations: int = 200) -> None:
        self.iterations = iterations

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if self.every_n_train_iters(runner, runner.val_interval) or self.is_last_train_iter(runner):
            self.update(runner)

    @torch.no_grad()
    def update(self, runner) -> None:
        model = unwrap(runner.model)  # without DDP, which would wait for gradients
        layers = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.training]
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # in torch, the plain mean over all batches
        for _ in range(self.iterations):
            batch = next(runner.train_loop.dataloader_iterator)
            with runner.optim_wrapper.optim_context(runner.model):
                model(**model.data_preprocessor(batch, True), mode='loss')
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        # With SyncBN they are equal already; without, as on several CPUs, each process has its own.
        all_reduce_params([b for m in layers for b in (m.running_mean, m.running_var)], op='mean')
