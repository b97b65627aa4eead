"""The projector."""

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmbarlow.models.pooling import pooled
from mmbarlow.models.width import check_channels
from mmbarlow.registry import MODELS


@MODELS.register_module()
class BarlowTwinsNeck(BaseModule):
    """Global average pooling and the projector network.

    'The projector network has three linear layers, each with 8192 output units. The first two
    layers of the projector are followed by a batch normalization layer and rectified linear
    units.' (section 2.2). No layer has a bias, as in the official code. The embedding is
    standardized by the loss, not here.

    Args:
        in_channels: C, channels of the backbone's last output; with None, or left out of a config,
            `mmbarlow.BarlowTwins` finds it when it is built.
        hid_channels: width of the hidden layers.
        out_channels: D, embedding dimensions.
        num_layers: number of linear layers, at least 1.
        norm: whether the hidden layers have batch norm. Without it: 71.2 / 89.7 instead of
            71.4 / 90.2 (table 5, 'No BN in MLP').
    """

    def __init__(
        self,
        in_channels: int,
        hid_channels: int,
        out_channels: int,
        num_layers: int = 3,
        norm: bool = True,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        hidden = [hid_channels] * (num_layers - 1)
        self.projector = perceptron([in_channels, *hidden, out_channels], norm)

    def forward(self, outputs: Any) -> Tensor:
        """What the backbone returns (see `pooled`) to embeddings (n, D); raises as `to_project`."""
        return self.projector(to_project(outputs, self.in_channels))


def to_project(outputs: Any, in_channels: int) -> Tensor:
    """Representations (n, C) of a backbone, for a neck that takes C = `in_channels`.

    Raises:
        InputError: C is another number, or the backbone gives what `pooled` does not take.
    """
    representations = pooled(outputs)
    check_channels(representations.shape[1], in_channels)
    return representations


def perceptron(widths: list[int], norm: bool = True) -> nn.Sequential:
    """Linear layers without bias from each of the widths to the next, BN and ReLU between them."""
    layers: list[nn.Module] = []
    for width_in, width_out in zip(widths[:-2], widths[1:-1], strict=True):
        layers.append(nn.Linear(width_in, width_out, bias=False))
        if norm:
            layers.append(nn.BatchNorm1d(width_out))
        layers.append(nn.ReLU(inplace=True))
    layers.append(nn.Linear(*widths[-2:], bias=False))
    return nn.Sequential(*layers)
