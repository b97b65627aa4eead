"""The pair-adaptive temperature of AMCL: which temperature a pair of channels has."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch
from mmbarlow.loss.distributed import total
from mmbarlow.models.amcl.pair_losses import off_diagonal
from mmbarlow.registry import MODELS

NEAR = 0.01  # share of the range of tau that counts as being at a bound


@MODELS.register_module()
class PairTemperature(BaseModule):
    """A temperature for each pair of a channel of view A and one of view B.

        s_lm = phi(z_l) . phi(z'_m)        phi = Linear(N, 128), ReLU, Linear(128, N)
        tau_lm = tau_min + (tau_max - tau_min) sigmoid(-s_lm)

    z_l is channel l of the raw embeddings over the global batch, N numbers, so that the network
    belongs to one batch size. Similar channels get a high score and with it a low temperature.
    Each process multiplies its own samples' columns of the first layer and rows of the second;
    shards may differ as long as they sum to N.

    Args:
        batch_size: N, samples in the global batch.
        tau_min: lower bound of the temperatures, above 0; 1e-5 in the release.
        tau_max: upper bound; 2.0 in the release.
        hid_channels: width of the hidden layer; 128 in the release.
        init_cfg: initialization as MMEngine has it. None is ours, not the release's: weights so
            small that all temperatures begin within 1 % of the middle of the range. `[]` leaves
            PyTorch's own, as the release does (LeiWangR/cl, commit 755799d): with N = 512 and
            D = 2048 almost all then begin at tau_min (docs/variants.md).

    Raises:
        InputError: the bounds are not 0 < tau_min < tau_max.
    """

    def __init__(
        self,
        batch_size: int,
        tau_min: float = 1e-5,
        tau_max: float = 2.0,
        hid_channels: int = 128,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if not 0 < tau_min < tau_max:
            raise InputError(
                f'tau_min={tau_min} and tau_max={tau_max} bound no temperature: set '
                '0 < tau_min < tau_max, such as 1e-5 and 2.0.'
            )
        # phi(z) . phi(z) = 0.0064 for a channel of unit variance and 128 hidden units
        small = dict(type='Normal', layer='Linear', std=0.1 * batch_size**-0.5)
        super().__init__(small if init_cfg is None else init_cfg)
        self.batch_size = batch_size
        self.tau_min = tau_min
        self.tau_max = tau_max
        self.first = nn.Linear(batch_size, hid_channels)
        self.second = nn.Linear(hid_channels, batch_size)

    def check(self, N: int) -> None:
        """Raise an InputError if the global batch is not that of the network."""
        if self.batch_size != N:
            raise InputError(
                f'the global batch has {N} samples and the temperature network takes '
                f"{self.batch_size}: set the head's temperature.batch_size to "
                'train_dataloader.batch_size times the number of processes, and '
                'train_dataloader.drop_last=True.'
            )

    def scores(self, z_a_nD: Tensor, z_b_nD: Tensor, batch: GlobalBatch) -> Tensor:
        """s, (D, D), from the raw embeddings of this process, (n, D) each."""
        phi_a_Dn, phi_b_Dn = self._phi(z_a_nD, batch), self._phi(z_b_nD, batch)
        return total(phi_a_Dn @ phi_b_Dn.T)

    def _phi(self, z_nD: Tensor, batch: GlobalBatch) -> Tensor:
        """The outputs of phi that belong to this process's samples, (D, n)."""
        dtype, own = z_nD.dtype, batch.own
        first, second = self.first, self.second
        hidden_Dh = total(z_nD.T @ first.weight[:, own].T.to(dtype))
        hidden_Dh = (hidden_Dh + first.bias.to(dtype)).relu()
        return F.linear(hidden_Dh, second.weight[own].to(dtype), second.bias[own].to(dtype))

    def forward(self, scores: Tensor) -> Tensor:
        """tau of scores, any shape: at least tau_min and at most tau_max, whatever the score."""
        return self.tau_min + (self.tau_max - self.tau_min) * torch.sigmoid(-scores)

    def statistics(self, tau_DD: Tensor) -> dict[str, Tensor]:
        """How the temperatures stand: scalars to be logged, see `mmbarlow.AdaptiveMultiHead`."""
        pairs = dict(positive=tau_DD.diagonal(), negative=off_diagonal(tau_DD))
        functions = dict(mean=torch.mean, min=torch.min, max=torch.max)
        near, negative = NEAR * (self.tau_max - self.tau_min), pairs['negative']
        return {
            f'tau_{kind}_{name}': function(tau)
            for kind, tau in pairs.items()
            for name, function in functions.items()
        } | dict(
            tau_negative_min_share=(negative <= self.tau_min + near).to(tau_DD.dtype).mean(),
            tau_negative_max_share=(negative >= self.tau_max - near).to(tau_DD.dtype).mean(),
        )
