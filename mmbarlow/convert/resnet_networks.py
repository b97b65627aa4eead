"""mmpretrain's and our ResNets in torchvision and timm."""

import copy
from typing import Any

from mmpretrain.models import (
    ResNet,
    ResNet_CIFAR,
    ResNetV1c,
    ResNetV1d,
    ResNeXt,
    SEResNet,
    SEResNeXt,
)
from torch import nn

from mmbarlow.convert.networks import ForeignNetwork
from mmbarlow.errors import InputError
from mmbarlow.models.image_size import channels_of
from mmbarlow.models.resnets import GeneratorResNet, PooledResNet, SoloResNet

RESNETS = {ResNet, ResNetV1c, ResNetV1d, ResNeXt, SEResNet, SEResNeXt}
RESNETS |= {ResNet_CIFAR, GeneratorResNet, PooledResNet, SoloResNet}
DEEP = tuple((rf'^stem\.{i}\.{part}\.', f'conv1.{3 * i + j}.')
             for i in (0, 1) for j, part in enumerate(('conv', 'bn')))  # fmt: skip
RENAMES = (
    *DEEP,
    (r'^stem\.2\.conv\.', 'conv1.6.'),
    (r'^stem\.2\.bn\.', 'bn1.'),
    (r'\.se_layer\.conv(\d)\.conv\.', r'.se.fc\1.'),
)
# The shortcut of the first stage has nothing to average; timm has an empty layer there.
UNPOOLED = ((r'^(layer1\.0\.downsample)\.(\d)\.', lambda m: f'{m[1]}.{int(m[2]) + 1}.'),)


def torchvision_resnet(net: ResNet) -> ForeignNetwork:
    """Raises InputError if torchvision's class has no such option."""
    base, planes = _widths(net)
    if net.deep_stem or net.avg_down or isinstance(net, SEResNet):
        raise InputError('torchvision has neither deep stems nor squeeze-and-excitation.')
    if planes != 64 or net.stem_channels != 64:
        raise InputError(
            f'torchvision has ResNets of width 64 only, not of {planes} '
            f'(after a stem of {net.stem_channels}).'
        )
    options = dict(groups=getattr(net, 'groups', 1), width_per_group=base)
    options = {k: v for k, v in options.items() if v != (1 if k == 'groups' else 64)}
    replaced = _stem(net, 'relu') | dict(fc=nn.Identity())
    return ForeignNetwork(f'torchvision.models.resnet{net.depth}', (), options, replaced)


def timm_resnet(net: ResNet) -> ForeignNetwork:
    """Raises InputError if timm's class has no such option."""
    base, planes = _widths(net)
    if net.stem_channels != 64 and not net.deep_stem:
        raise InputError(
            f'timm has a stem of 64 channels before its ResNets, not of {net.stem_channels}.'
        )
    options: dict[str, Any] = {}
    if (channels := channels_of(net)) != 3:
        options['in_chans'] = channels
    if planes != 64:
        options['channels'] = [planes << i for i in range(4)]
    if isinstance(net, ResNeXt | SEResNeXt):
        options |= dict(cardinality=net.groups, base_width=net.width_per_group)
    elif base != planes:
        options['base_width'] = 64 * base // planes
    if net.deep_stem:
        options |= dict(stem_type='deep', stem_width=net.stem_channels // 2)
    renames = RENAMES
    if net.avg_down:
        options['avg_down'] = True
        renames += UNPOOLED
    if isinstance(net, SEResNet):
        options['block_args'] = dict(attn_layer='se')
    replaced = {} if net.deep_stem else _stem(net, 'act1')
    name, options = (f'resnet{net.depth}',), dict(num_classes=0) | options
    return ForeignNetwork('timm.create_model', name, options, replaced, renames)


def _widths(net: ResNet) -> tuple[int, int]:
    """Width of the convolutions in the middle of the first stage's blocks, and of its outputs over
    the usual expansion, which is the width that both libraries start from."""
    if net.style != 'pytorch' and net.depth >= 50:
        raise InputError("its style is 'caffe', with the stride in the 1x1 convolution.")
    if isinstance(net, ResNeXt | SEResNeXt):
        return net.width_per_group, 64
    return net.base_channels, net.base_channels * net.expansion // (4 if net.depth >= 50 else 1)


def _stem(net: ResNet, relu: str) -> dict[str, nn.Module]:
    """What of the stem is not as in torchvision and timm; `relu` is its activation's name there."""
    if net.deep_stem:
        return {}
    small = isinstance(net, ResNet_CIFAR)
    own: Any = net.conv1
    replaced: dict[str, nn.Module] = {}
    if small:
        replaced['conv1'] = nn.Conv2d(
            own.in_channels, own.out_channels, own.kernel_size, own.stride, own.padding, bias=False
        )
    if small and not isinstance(net, PooledResNet):
        replaced['maxpool'] = nn.Identity()
    if isinstance(net, GeneratorResNet):
        replaced[relu] = nn.Identity()
    return copy.deepcopy(replaced)
