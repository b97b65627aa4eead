"""The projector of Mixed Barlow Twins."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from mmbarlow.models.projector import BarlowTwinsNeck
from mmbarlow.registry import MODELS


@MODELS.register_module()
class MixedBarlowTwinsNeck(BarlowTwinsNeck):
    """The projector of the small data sets' code: two layers, the second with a bias, then L2.

    Linear(no bias)-BN-ReLU-Linear-normalize. Each embedding is divided by its norm, which the
    standardization over the batch does not undo: without it the bias would have no effect either.
    Norms are sqrt(D) here instead of 1, which it does undo, so that its eps (the released code has
    none) stays as small as everywhere.

    Args:
        in_channels: C, channels of the backbone's last output.
        hid_channels: width of the hidden layer; 512 in the released code.
        out_channels: D, embedding dimensions; 1024 there.
    """

    def __init__(self, in_channels: int, hid_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, hid_channels, out_channels, num_layers=2)
        self.projector[-1] = nn.Linear(hid_channels, out_channels)

    def forward(self, outputs: Any) -> Tensor:
        """What the backbone returns to embeddings (n, D), as in `BarlowTwinsNeck`."""
        z_nD = super().forward(outputs)
        return F.normalize(z_nD) * z_nD.shape[1] ** 0.5
