"""Infer which ResNet a set of tensors belongs to, from their names and shapes."""

import re

from mmpretrain.models.backbones.resnet import Bottleneck, ResNet
from torch import Tensor

from mmbarlow.errors import InputError

STEMS = {
    (7, None): 'mmpretrain.ResNet',
    (3, 1): 'mmpretrain.ResNet_CIFAR',
    (3, 2): 'mmbarlow.SoloResNet',
}
WORDS = {
    'mmpretrain.ResNet_CIFAR': '3x3 stem with padding 1',
    'mmbarlow.SoloResNet': '3x3 stem with padding 2',
    'mmbarlow.PooledResNet': '3x3 stem and max-pooling',
    'mmbarlow.GeneratorResNet': '3x3 stem without ReLU',
}  # of types with other stems than 7x7
DEEP_STEM = ('conv1.0.weight', 'stem.0.conv.weight')


def resnet_config(state: dict[str, Tensor], stem_padding: int, path: object) -> dict:
    """The config of the backbone that these tensors belong to.

    Args:
        state: tensors under torchvision's names.
        stem_padding: padding of a 3x3 stem, which its tensors do not tell; 1 or 2 pixels.
        path: the file, for messages.

    Raises:
        InputError: it is not a ResNet-18, -34, -50, -101 or -152 with a 7x7 or 3x3 stem.
    """
    if any(name in state for name in DEEP_STEM):
        raise InputError(
            f'{path} has a deep stem of three convolutions (ResNet-C, -D, -T, -S): only plain '
            'ResNets with a stem of one 7x7 or 3x3 convolution can be converted.'
        )
    width, inputs, _, kernel = _shape('conv1.weight', state, path)
    kind = STEMS.get((kernel, stem_padding if kernel == 3 else None))
    if kind is None:
        raise InputError(f'{path} has a stem of {kernel}x{kernel}: only 7x7 and 3x3 are converted.')
    depth = _depth(state, path)
    base = _shape('layer1.0.conv1.weight', state, path)[0]
    last = 3 if ResNet.arch_settings[depth][0] is Bottleneck else 2
    expansion = _shape(f'layer1.0.conv{last}.weight', state, path)[0] // base
    config = dict(type=kind, depth=depth)
    usual = dict(in_channels=3, stem_channels=64, base_channels=64, expansion=4 if last == 3 else 1)
    found = dict(in_channels=inputs, stem_channels=width, base_channels=base, expansion=expansion)
    return config | {key: value for key, value in found.items() if value != usual[key]}


def resnet_in_words(config: dict) -> str:
    """'ResNet-50, 7x7 stem, base width 64, 3 input channels' for a `resnet_config`."""
    name = WORDS.get(config['type'], '7x7 stem')
    base, inputs = config.get('base_channels', 64), config.get('in_channels', 3)
    return f'ResNet-{config["depth"]}, {name}, base width {base}, {inputs} input channels'


def _depth(state: dict[str, Tensor], path: object) -> int:
    blocks = {m[0] for m in (re.match(r'layer\d\.\d+\.', name) for name in state) if m}
    counts = tuple(sum(b.startswith(f'layer{i}.') for b in blocks) for i in (1, 2, 3, 4))
    bottleneck = any(re.fullmatch(r'layer\d\.\d+\.conv3\.weight', name) for name in state)
    for depth, (block, wanted) in ResNet.arch_settings.items():
        if wanted == counts and (block is Bottleneck) == bottleneck:
            return depth
    kind = 'bottleneck' if bottleneck else 'basic'
    raise InputError(
        f'{path} has {"-".join(map(str, counts))} {kind} blocks in its four stages, unlike any '
        f'ResNet of {", ".join(map(str, ResNet.arch_settings))} layers: tensors are missing, or it '
        'is another network.'
    )


def _shape(name: str, state: dict[str, Tensor], path: object) -> tuple[int, ...]:
    """Shape of the weights of a convolution."""
    if name not in state or state[name].ndim != 4:
        raise InputError(f'{path}: the backbone has no convolution {name}.')
    return tuple(state[name].shape)
