"""The ResNet of solo-learn's CIFAR checkpoints."""

from mmpretrain.models import ResNet_CIFAR

from mmbarlow.registry import MODELS


@MODELS.register_module()
class SoloResNet(ResNet_CIFAR):
    """`mmpretrain.ResNet_CIFAR` with 2 pixels of padding in the 3x3 stem instead of 1.

    solo-learn (`solo/methods/base.py`) makes its stem for CIFAR so, and the tensors do not tell:
    32 px give maps of 34, 17, 9 and 5 pixels.
    """

    def _make_stem_layer(self, in_channels: int, base_channels: int) -> None:
        super()._make_stem_layer(in_channels, base_channels)
        self.conv1.padding = (2, 2)  # pyright: ignore[reportArgumentType]
