"""All the feature maps of a ResNet, including the stem's."""

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


@MODELS.register_module()
class StemResNet(BaseModule):
    """A ResNet that also returns its stem: convolution, BN and ReLU, before the max-pooling.

    mmpretrain's ResNet returns the stages alone, which is why MMSelfSup's benchmark lost its
    Feature1 in version 1.x.

    Args:
        backbone: config of a ResNet of mmpretrain: ResNet, ResNet_CIFAR or one derived from them.

    Raises:
        InputError: the backbone has no such stem.
    """

    def __init__(self, backbone: dict) -> None:
        super().__init__()
        self.backbone = MODELS.build(backbone)
        check_stages(self.backbone)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return stage_maps(self.backbone, images)


def check_stages(net: nn.Module) -> None:
    """Raises InputError unless it is a ResNet of mmpretrain."""
    if not ((hasattr(net, 'conv1') or hasattr(net, 'stem')) and hasattr(net, 'res_layers')):
        raise InputError(
            f'{type(net).__name__} has no stem and stages, which this benchmark takes: set '
            'model.backbone.type=mmpretrain.ResNet, or take the suites of linear, knn or svm.'
        )


def stage_maps(net: Any, images: Tensor) -> tuple[Tensor, ...]:
    """The stem's map and one of each stage; at 224 px 112, 56, 28, 14 and 7 pixels a side."""
    x = net.stem(images) if net.deep_stem else net.relu(net.norm1(net.conv1(images)))
    maps = [x]
    if hasattr(net, 'maxpool'):  # ResNet_CIFAR has none
        x = net.maxpool(x)
    for name in net.res_layers:
        x = getattr(net, name)(x)
        maps.append(x)
    return tuple(maps)
