"""A linear classifier that is trained step by step on features that change meanwhile.

Shapes: N images of all processes, n of this one, C dimensions, K classes.
"""

import copy
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor

TENSORS = ('weight', 'bias', 'mean', 'square')
LONGEST = 100  # steps that the mean and the variance of the features are averages of


class OnlineProbe:
    """Multinomial logistic regression by SGD with momentum, on standardized features.

    The loss is the mean cross entropy over the images of all processes; it is convex, and starts
    from zero, so that nothing is drawn. Mean and variance are those of the images of all steps so
    far, and from the hundredth step on a moving average. Everything is float32, mean and variance
    float64. A step with features that are not finite changes nothing. All processes have the same
    probe.

    Args:
        width: C. classes: K.
        device: of the features.
        lr: the learning rate, which is constant, as the features never settle.
        momentum: Nesterov's.
        weight_decay: of the weights, not of the biases.
    """

    def __init__(
        self,
        width: int,
        classes: int,
        device: torch.device | str = 'cpu',
        lr: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        zeros = torch.zeros(classes, width + 1, device=device)
        self.weight, self.bias = zeros[:, :width].clone(), zeros[:, width].clone()
        self.mean = torch.zeros(width, dtype=torch.float64, device=device)
        self.square = torch.ones_like(self.mean)
        self.steps = 0
        groups = [dict(params=[self.weight], weight_decay=weight_decay), dict(params=[self.bias])]
        self.optimizer = torch.optim.SGD(groups, lr, momentum, nesterov=momentum > 0)

    @torch.no_grad()
    def step(self, x_nC: Tensor, labels_n: Tensor) -> Tensor:
        """Learn from a batch, whose features need no gradient.

        Returns:
            the share of the images of all processes that were told right before, from 0 to 1, on
            the device; NaN where a feature is not finite.
        """
        x = x_nC.double()
        ones = x.new_full((1,), len(x))
        sums = torch.cat([ones, x.sum(0), x.square().sum(0)])
        all_reduce(sums)
        N, mean, square = sums[0], *(sums[1:] / sums[0]).chunk(2)
        good = sums.isfinite().all()
        rate = max(1 / (self.steps + 1), 1 / LONGEST)
        self.mean.lerp_(torch.where(good, mean, self.mean), rate)
        self.square.lerp_(torch.where(good, square, self.square), rate)
        x = self._standardized(x_nC)
        logits = F.linear(x, self.weight, self.bias)
        error_nK = (logits.softmax(1) - F.one_hot(labels_n, len(self.bias))) / N.float()
        hits = (logits.argmax(1) == labels_n).sum().float().reshape(1)
        told = torch.cat([(error_nK.T @ x).flatten(), error_nK.sum(0), hits])
        all_reduce(told)
        gradient = torch.where(good, told[:-1], 0)
        self.weight.grad = gradient[: self.weight.numel()].view_as(self.weight)
        self.bias.grad = gradient[self.weight.numel() :]
        self.optimizer.step()
        self.steps += 1
        return torch.where(good, told[-1] / N, torch.nan).float()

    @torch.no_grad()
    def scores(self, x_MC: Tensor) -> Tensor:
        """Logits (M, K) of features on any device, on the CPU."""
        parts = x_MC.split(1024)
        device = self.weight.device
        return torch.cat(
            [
                F.linear(self._standardized(x.to(device)), self.weight, self.bias).cpu()
                for x in parts
            ]
        )

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, as plain values."""
        own: dict[str, Any] = {name: getattr(self, name) for name in TENSORS}
        return copy.deepcopy(own | dict(steps=self.steps, optimizer=self.optimizer.state_dict()))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()` of a probe of the same size."""
        for name in TENSORS:
            getattr(self, name).copy_(state[name])
        self.steps = state['steps']
        self.optimizer.load_state_dict(state['optimizer'])

    def _standardized(self, x: Tensor) -> Tensor:
        variance = self.square - self.mean.square()
        # What rounding leaves of the variance of a dimension that never changes is none.
        constant = variance <= 1e-12 * self.square
        scale = torch.where(constant, 1, variance).sqrt()
        return ((x - self.mean) / scale).float()
