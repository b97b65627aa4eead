"""Several projectors side by side."""

from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.projector import perceptron, to_project
from mmbarlow.registry import MODELS


@MODELS.register_module()
class MultiHeadNeck(BaseModule):
    """Global average pooling and C independent projectors, their embeddings side by side.

    Each is linear layers with BN and ReLU between them and, as in AMCL's code, BN without affine
    parameters at the end, so that what the temperature network reads has one scale. Linear layers
    have no bias, which the BN after each of them would take away.

    Args:
        in_channels: channels of the backbone's last output.
        hid_channels: width of the hidden layers.
        out_channels: D, embedding dimensions of each head.
        num_heads: C.
        num_layers: number of linear layers of each head.

    Raises:
        InputError: C < 1.
    """

    def __init__(
        self,
        in_channels: int,
        hid_channels: int,
        out_channels: int,
        num_heads: int = 3,
        num_layers: int = 3,
    ) -> None:
        super().__init__()
        check_heads(num_heads)
        widths = [in_channels, *[hid_channels] * (num_layers - 1), out_channels]
        self.in_channels = in_channels
        self.projectors = nn.ModuleList(
            nn.Sequential(*perceptron(widths), nn.BatchNorm1d(out_channels, affine=False))
            for _ in range(num_heads)
        )

    def forward(self, outputs: Any) -> Tensor:
        """What the backbone returns to embeddings (n, C D); raises as `to_project`."""
        representations = to_project(outputs, self.in_channels)
        return torch.cat([projector(representations) for projector in self.projectors], 1)


def check_heads(num_heads: int) -> None:
    if num_heads < 1:
        raise InputError(f'num_heads={num_heads}: set 1 or more in model.neck and model.head.')
