"""Networks of mmpretrain that torchvision and timm have as they are: less used for pretraining."""

from typing import Any

from mmpretrain.models import VGG, DenseNet, MobileNetV2, RegNet
from torch import nn

from mmbarlow.convert.networks import ForeignNetwork
from mmbarlow.errors import InputError
from mmbarlow.models.image_size import channels_of

DENSENET = (
    (r'^stem\.0\.', 'features.conv0.'),
    (r'^stem\.1\.', 'features.norm0.'),
    (
        r'^stages\.(\d+)\.block\.(\d+)\.',
        lambda m: f'features.denseblock{int(m[1]) + 1}.denselayer{int(m[2]) + 1}.',
    ),
    (r'^transitions\.3\.0\.', 'features.norm5.'),
    (r'^transitions\.(\d+)\.', lambda m: f'features.transition{int(m[1]) + 1}.'),
)
MOBILENETS = {0.5: '050', 0.75: '075', 1.0: '100', 1.4: '140'}  # in timm, by width
REGNETS = {  # in timm, by the same in mmpretrain
    'regnetx_400mf': 'regnetx_004',
    'regnetx_800mf': 'regnetx_008',
    'regnetx_1.6gf': 'regnetx_016',
    'regnetx_3.2gf': 'regnetx_032',
    'regnetx_4.0gf': 'regnetx_040',
    'regnetx_6.4gf': 'regnetx_064',
    'regnetx_8.0gf': 'regnetx_080',
    'regnetx_12gf': 'regnetx_120',
}


def other_torchvision_network(net: Any) -> ForeignNetwork:
    """Raises InputError if there is none."""
    ends: dict[str, nn.Module] = dict(classifier=nn.Identity())
    if type(net) is MobileNetV2:
        options = {} if net.widen_factor == 1 else dict(width_mult=net.widen_factor)
        return ForeignNetwork('torchvision.models.mobilenet_v2', (), options, ends, in_order=True)
    if type(net) is DenseNet:
        options = dict(
            growth_rate=net.growth_rate,
            block_config=list(net.depths),
            num_init_features=net.init_channels,
        )
        return ForeignNetwork('torchvision.models.DenseNet', (), options, ends, DENSENET)
    if type(net) is VGG:
        layers = list(net.get_submodule('features').modules())
        convs = sum(isinstance(layer, nn.Conv2d) for layer in layers)
        normed = any(isinstance(layer, nn.BatchNorm2d) for layer in layers)
        ends['avgpool'] = nn.AdaptiveAvgPool2d(1)
        if not isinstance(layers[-1], nn.MaxPool2d):
            ends[f'features.{convs * (2 + normed) + 4}'] = nn.Identity()
        name = f'vgg{convs + 3}{"_bn" * normed}'  # named with three layers of its classifier
        return ForeignNetwork(f'torchvision.models.{name}', (), {}, ends, in_order=True)
    raise InputError(f'torchvision has no network like {type(net).__name__}.')


def other_timm_network(net: Any, config: dict) -> ForeignNetwork:
    """Raises InputError if there is none."""
    options: dict[str, Any] = dict(num_classes=0)
    if (channels := channels_of(net)) != 3:
        options['in_chans'] = channels
    name, renames = None, ()
    if type(net) is MobileNetV2:
        name = MOBILENETS.get(net.widen_factor) and f'mobilenetv2_{MOBILENETS[net.widen_factor]}'
    elif type(net) is RegNet:
        name = REGNETS.get(str(config.get('arch')))
    elif type(net) is DenseNet:
        name, renames = 'densenet121', DENSENET
        options |= dict(growth_rate=net.growth_rate, block_config=list(net.depths))
    if name is None:
        raise InputError(f'timm has no network like this {type(net).__name__}.')
    return ForeignNetwork('timm.create_model', (name,), options, {}, renames, in_order=not renames)
