"""Networks that have no argument for the channels of their images."""

from typing import Any

from mmengine.model import BaseModule
from torch import nn

from mmbarlow.registry import MODELS


@MODELS.register_module()
def OtherChannels(in_channels: int, backbone: dict) -> nn.Module:  # noqa: N802
    """A backbone whose first convolution takes images (n, in_channels, H, W).

    It is the network itself, with its own names of tensors, and the new convolution is initialized
    with the others.

    Args:
        in_channels: of the images.
        backbone: config of a network whose first convolution is not in groups.
    """
    network: BaseModule = MODELS.build(backbone)
    name, old = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    shape: Any = dict(kernel_size=old.kernel_size, stride=old.stride, dilation=old.dilation)
    shape |= dict(padding=old.padding, bias=old.bias is not None)
    new = type(old)(in_channels, old.out_channels, **shape)
    network.set_submodule(name, new)
    return network
