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
    names = (name for name, m in network.named_modules() if isinstance(m, nn.Conv2d))
    name = next(names)
    old: Any = network.get_submodule(name)
    new = type(old)(
        in_channels,
        old.out_channels,
        old.kernel_size,
        old.stride,
        old.padding,
        old.dilation,
        bias=old.bias is not None,
    )
    network.set_submodule(name, new)
    return network
