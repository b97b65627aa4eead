"""Adaptive multi-head contrastive learning (AMCL) for Barlow Twins: its loss."""

from collections.abc import Callable
from typing import cast

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch, cross_correlation, global_batch
from mmbarlow.loss.losses import at_least_fp32
from mmbarlow.models.amcl.multi_head_neck import check_heads
from mmbarlow.models.amcl.pair_losses import pair_terms
from mmbarlow.models.amcl.pair_temperature import PairTemperature
from mmbarlow.registry import MODELS

CURE = (
    "set the head's in_channels to the neck's out_channels, and its num_heads to the neck's "
    'num_heads.'
)


@MODELS.register_module()
class AdaptiveMultiHead(BaseModule):
    """The Barlow Twins loss of C heads with a temperature for each pair of channels.

    AMCL (Wang et al., ECCV 2024, https://arxiv.org/abs/2310.05615), its flavor of Barlow Twins: the
    sum over the heads of `pair_terms`, as in the authors' code. No published table of its results
    could be read, so nothing here is verified against the paper (docs/variants.md). Normalization
    is this project's: biased variance over the global batch with eps 1e-5. Gradients are always
    exact.

    The regularizer rewards tau_lm at the bounds and can make L strongly negative: clip the gradient
    norm at 1 with optim_wrapper.clip_grad, as the release does, and let `mmbarlow.TemperatureHook`
    watch the temperatures.

    It costs 2 D^2 numbers of each head until backward and about 8 D^2 for a moment, of one head at
    a time, and 4 n D^2 operations a head in forward and twice that in backward. With several
    processes each head sums 2 D^2 numbers over them, in forward and in backward.

    Args:
        in_channels: D, the embedding dimensions of each head.
        num_heads: C; 3 in the release.
        temperature: config of `mmbarlow.PairTemperature`; or a number, the temperature of every
            pair; then there is neither a network nor a regularizer.
        shared: one temperature network for all heads, as in the release, or one for each.
        lambd: weight of the redundancy-reduction term; 0.005 in the release.
        beta: weight of the regularizer; 1e-6 in the release for Barlow Twins.

    Raises:
        InputError: C < 1, beta < 0, a temperature that is not above 0.
    """

    def __init__(
        self,
        in_channels: int,
        num_heads: int = 3,
        *,
        temperature: dict | float,
        shared: bool = True,
        lambd: float = 0.005,
        beta: float = 1e-6,
    ) -> None:
        check_heads(num_heads)
        super().__init__()
        if beta < 0:
            raise InputError(f'beta={beta}: the weight of the regularizer is 0 or above.')
        self.in_channels = num_heads * in_channels
        self.num_heads = num_heads
        self.lambd = lambd
        self.beta = beta
        self.fixed = None
        self.networks = ModuleList()
        if isinstance(temperature, dict):
            number = 1 if shared else num_heads
            self.networks.extend(MODELS.build(temperature) for _ in range(number))
        elif temperature > 0:
            self.fixed = temperature
        else:
            raise InputError(f'a temperature of {temperature} has no loss: take one above 0.')

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The terms of the loss, whose sum is L, and how the temperatures stand; all scalars.

        `loss_invariance`, `loss_redundancy` and, with a network, `loss_regularizer` (lambda and
        beta inside), fp32 (fp64 stays fp64). Beside them, no part of the loss, `tau_positive_*` of
        the pairs l = m and `tau_negative_*` of the others, over all heads: `mean`, `min` and `max`,
        and the shares of the latter within 1 % of the range from a bound.

        Args:
            z_a: embeddings of the first view, shape (n, C D), this process's part of the batch.
            z_b: embeddings of the second view, shape (n, C D).

        Raises:
            InputError: as for `CrossCovarianceHead`, and a global batch that is not the
                temperature network's.
        """
        batch = global_batch(z_a, z_b, dimensions=self.in_channels, cure=CURE)
        for network in self.networks:
            cast(PairTemperature, network).check(batch.N)
        # An island of fp32: 1 / tau reaches 1e5, and the terms are differences.
        with torch.autocast(z_a.device.type, enabled=False):
            z_a, z_b = at_least_fp32(z_a), at_least_fp32(z_b)
            pairs = zip(z_a.chunk(self.num_heads, 1), z_b.chunk(self.num_heads, 1), strict=True)
            heads = [self._head(i, *pair, batch) for i, pair in enumerate(pairs)]
        parts = {name: torch.stack([head[name] for head in heads]) for name in heads[0]}
        return {name: over_heads(name)(values) for name, values in parts.items()}

    def _head(self, i: int, z_a: Tensor, z_b: Tensor, batch: GlobalBatch) -> dict[str, Tensor]:
        """Terms and statistics of head `i`, from its embeddings (n, D)."""
        c_DD = cross_correlation(z_a, z_b, batch)
        if self.fixed is not None:
            tau_DD = torch.full_like(c_DD, self.fixed)
            found = pair_terms(c_DD, tau_DD, self.lambd, self.beta)
            return {name: found[name] for name in ('loss_invariance', 'loss_redundancy')}
        network = cast(PairTemperature, self.networks[i % len(self.networks)])
        s_DD = network.scores(z_a, z_b, batch)

        def terms(c_DD: Tensor, s_DD: Tensor) -> dict[str, Tensor]:
            tau_DD = network(s_DD)
            statistics = network.statistics(tau_DD.detach())
            return pair_terms(c_DD, tau_DD, self.lambd, self.beta) | statistics

        # What is as large as tau is made anew in backward, for one head after the other.
        again = checkpoint(terms, c_DD, s_DD, use_reentrant=False, preserve_rng_state=False)
        return cast(dict[str, Tensor], again)


def over_heads(name: str) -> Callable[[Tensor], Tensor]:
    """How the values of the heads make that of the model."""
    if 'loss' in name:
        return torch.sum
    return dict(min=torch.min, max=torch.max).get(name.rsplit('_', 1)[-1], torch.mean)
