"""ResNets that other code trains and mmpretrain does not have."""

from mmpretrain.models import ResNet, ResNet_CIFAR
from torch import nn

from mmbarlow.registry import MODELS


@MODELS.register_module()
class PooledResNet(ResNet_CIFAR):
    """`mmpretrain.ResNet_CIFAR` that keeps the max-pooling after its 3x3 stem.

    As in the released code of Mixed Barlow Twins for Tiny ImageNet and STL-10 (`model.py`): 64 px
    give maps of 32, 16, 8 and 4 pixels.
    """

    def _make_stem_layer(self, in_channels: int, base_channels: int) -> None:
        super()._make_stem_layer(in_channels, base_channels)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

    forward = ResNet.forward  # which pools


@MODELS.register_module()
class SoloResNet(ResNet_CIFAR):
    """`mmpretrain.ResNet_CIFAR` with 2 pixels of padding in the 3x3 stem instead of 1.

    solo-learn (`solo/methods/base.py`) builds its stem for CIFAR this way, and the tensors do not
    tell: 32 px give maps of 34, 17, 9 and 5 pixels.
    """

    def _make_stem_layer(self, in_channels: int, base_channels: int) -> None:
        super()._make_stem_layer(in_channels, base_channels)
        self.conv1.padding = (2, 2)  # pyright: ignore[reportArgumentType]


@MODELS.register_module()
class GeneratorResNet(ResNet_CIFAR):
    """`mmpretrain.ResNet_CIFAR` without the ReLU after its stem.

    lightly's examples train `nn.Sequential(*ResNetGenerator(...).children())`, and the ReLU is no
    child of that network: its own `forward` calls a function (lightly/models/resnet.py).
    """

    def _make_stem_layer(self, in_channels: int, base_channels: int) -> None:
        super()._make_stem_layer(in_channels, base_channels)
        self.relu = nn.Identity()
