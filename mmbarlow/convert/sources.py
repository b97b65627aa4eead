"""How other code names the tensors of its ResNets, one row per layout.

The target names are torchvision's, which mmpretrain and timm share: conv1, bn1, layer1 to layer4.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from mmbarlow.errors import InputError

# `stem.` is mmpretrain's deep stem: matched here, so that it is refused by name later.
BACKBONE = re.compile(r'(conv1|bn1|stem|layer[1-9])\.')
# Where the tensors of a checkpoint may lie; the first place that has some counts.
LOCATIONS = (
    *(('classy_state_dict', 'base_model', 'model', 'trunk'), ('state_dict',), ('model',)),
    *(('teacher',), ('model_state_dict',), ()),
)
WRAPPERS = re.compile(r'^(module\.|_orig_mod\.)+')  # DDP and torch.compile


class Source(NamedTuple):
    """A layout of checkpoints."""

    name: str
    matches: Callable[[list[str], list[str]], bool]  # from the names of the tensors and the keys
    rename: Callable[[str], str]  # to torchvision's name if the tensor belongs to the backbone
    about: str  # the code that writes such files
    stem_padding: int = 1  # of a 3x3 stem, which no tensor tells
    kind: str | None = None  # the network, where it is none of `infer_resnet.STEMS`


def has(*patterns: str) -> Callable[[list[str], list[str]], bool]:
    """Whether each pattern matches the beginning of some name."""
    return lambda names, keys: all(any(re.match(p, n) for n in names) for p in patterns)


def without(*prefixes: str) -> Callable[[str], str]:
    """Remove a prefix; a name without any of them does not belong to the backbone."""

    def rename(name: str) -> str:
        found = next((p for p in prefixes if name.startswith(p)), None)
        return name[len(found) :] if found is not None else f'other.{name}'

    return rename


def numbered(*children: str) -> Callable[[str], str]:
    """Replace the numbers in names of `nn.Sequential(*resnet.children())` by names."""
    names = {str(number): child for number, child in enumerate(children)}

    def rename(name: str) -> str:
        number, _, rest = name.removeprefix('backbone.').partition('.')
        return f'{names.get(number, "other")}.{rest}'.replace('.shortcut.', '.downsample.')

    return rename


PREFIXED = r'backbone\.(conv1|layer1)\.'
STAGES = ('layer1', 'layer2', 'layer3', 'layer4')
LAYOUTS = (
    Source('vissl', has(r'_feature_blocks\.'), without('_feature_blocks.'), 'VISSL'),
    Source(
        'lightly-generator',
        has(r'(backbone\.)?2\.0\.conv1\.'),
        numbered('conv1', 'bn1', *STAGES),
        "lightly's ResNetGenerator",
        kind='mmbarlow.GeneratorResNet',
    ),
    Source(
        'lightly',
        has(r'(backbone\.)?4\.0\.conv1\.'),
        numbered('conv1', 'bn1', 'relu', 'maxpool', *STAGES),
        'lightly, or any nn.Sequential of the children of a torchvision ResNet',
    ),
    Source('lightly', has(PREFIXED, r'projection_head\.'), without('backbone.'), 'lightly'),
    Source(
        'barlowtwins-official',
        has(PREFIXED, r'projector\.', r'bn\.'),
        without('backbone.'),
        "facebookresearch/barlowtwins' checkpoint.pth",
    ),
    Source(
        'solo-learn',
        has(r'(backbone|encoder)\.(conv1|layer1)\.', r'(projector|classifier)\.'),
        without('backbone.', 'encoder.'),
        'solo-learn',
        stem_padding=2,
    ),
    Source('moco', has(r'encoder_q\.(conv1|layer1)\.'), without('encoder_q.'), 'MoCo'),
    Source('moco', has(r'base_encoder\.(conv1|layer1)\.'), without('base_encoder.'), 'MoCo v3'),
    Source('simsiam', has(r'encoder\.(conv1|layer1)\.'), without('encoder.'), 'SimSiam'),
    Source(
        'dino',
        lambda names, keys: 'teacher' in keys and has(PREFIXED)(names, keys),
        without('backbone.'),
        "DINO's teacher",
    ),
    Source(
        'mm',
        has(r'backbone\.(conv1|layer1|stem)\.'),
        without('backbone.'),
        'MMSelfSup, mmpretrain, mmbarlow',
    ),
    Source(
        'mm',
        lambda names, keys: 'meta' in keys and has(r'(conv1|layer1|stem)\.')(names, keys),
        without(''),
        'an exported backbone of MMSelfSup, mmpretrain, mmbarlow',
    ),
    Source(
        'torchvision',
        has(r'(conv1|layer1)\.'),
        without(''),
        "torchvision, timm, facebookresearch/barlowtwins' resnet50.pth",
    ),
)


def tensors_of(checkpoint: dict) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, without the prefixes of DDP and torch.compile."""
    for place in LOCATIONS:
        node = checkpoint
        for key in place:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            named = {k: v for k, v in node.items() if isinstance(k, str)}
            found = {WRAPPERS.sub('', k): v for k, v in named.items() if isinstance(v, Tensor)}
            if found:
                return found
    return {}


def find_layout(checkpoint: dict) -> Source | None:
    """The first of `LAYOUTS` that has the names in the file."""
    names, keys = list(tensors_of(checkpoint)), [str(key) for key in checkpoint]
    return next((source for source in LAYOUTS if source.matches(names, keys)), None)


def sort_out(checkpoint: dict, path: object) -> tuple[Source, dict[str, Tensor], list[str]]:
    """The layout, the backbone's tensors under torchvision's names, and the names of the others.

    Raises:
        InputError: no layout has such names (the message has the first of them), or two tensors
            have the same name.
    """
    tensors, source = tensors_of(checkpoint), find_layout(checkpoint)
    names = list(tensors)
    if source is None:
        keys = [str(key) for key in checkpoint]
        held = ', '.join((names or keys)[:4]) or 'nothing'
        raise InputError(
            f'{path} has no known layout of a ResNet; it begins with {held}. Supported are files '
            f'of {"; ".join(dict.fromkeys(s.about for s in LAYOUTS))}.'
        )
    backbone = {source.rename(name): tensor for name, tensor in tensors.items()}
    backbone = {name: tensor for name, tensor in backbone.items() if BACKBONE.match(name)}
    others = [name for name in names if not BACKBONE.match(source.rename(name))]
    if len(backbone) + len(others) != len(tensors):
        raise InputError(f'{path} has two backbones: write a file with only one of them.')
    return source, backbone, others
