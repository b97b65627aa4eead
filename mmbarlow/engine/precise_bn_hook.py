"""BN's running statistics, measured anew with the weights that are evaluated."""

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.checkpoints import unwrap
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class PreciseBNHook(Hook):
    """detectron2's PRECISE_BN, for runs that count iterations.

    Before each evaluation the running mean and variance of every BN layer in training mode are set
    to those of the population: of all that the layer is given in `iterations` training batches of
    all processes together, with the current weights. The variance is biased and holds the spread
    of the batches' means, as fvcore's `_PopulationVarianceEstimator` has it; batches count by their
    size. The batches are the next ones of the training loader, which continues after them.

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
        moments = [Moments(layer) for layer in layers]
        handles = [m.register_forward_pre_hook(x) for m, x in zip(layers, moments, strict=True)]
        try:
            for _ in range(self.iterations):
                batch = next(runner.train_loop.dataloader_iterator)
                with runner.optim_wrapper.optim_context(runner.model):
                    model(**model.data_preprocessor(batch, True), mode='loss')
        finally:
            for handle in handles:
                handle.remove()
        for layer, of_layer in zip(layers, moments, strict=True):
            of_layer.write(layer)


class Moments:
    """Mean and biased variance, (C,) each, of all inputs (n, C, ...) of a layer so far.

    Merged batch by batch around the means: E[x^2] - E[x]^2 would lose fp32's digits where the mean
    is large. A layer that is used several times in a pass counts each time.
    """

    def __init__(self, layer: _BatchNorm) -> None:
        assert layer.running_mean is not None
        self.count = 0  # numbers of each channel
        self.mean = torch.zeros_like(layer.running_mean, dtype=torch.float32)
        self.variance = torch.zeros_like(self.mean)

    def __call__(self, _: nn.Module, inputs: tuple[Tensor]) -> None:
        """As a forward pre-hook."""
        x = inputs[0].float()
        if n := x.numel() // x.shape[1]:
            self.count += n
            of_batch = torch.var_mean(x, [d for d in range(x.ndim) if d != 1], correction=0)
            self._merge(n / self.count, *of_batch)

    def _merge(self, share: float, variance: Tensor, mean: Tensor) -> None:
        """Take in a part that makes up `share` of the whole."""
        step = mean - self.mean
        self.mean += share * step
        self.variance += share * (variance - self.variance + (1 - share) * step.square())

    def write(self, layer: _BatchNorm) -> None:
        """Make them, over all processes, the layer's own; a layer that was not used keeps its."""
        count = torch.tensor(self.count, device=self.mean.device)
        all_reduce(count)
        if not (total := int(count)):
            return
        share = self.count / total
        mean = share * self.mean
        all_reduce(mean)
        variance = share * (self.variance + (self.mean - mean).square())
        all_reduce(variance)
        assert layer.running_mean is not None
        assert layer.running_var is not None
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
