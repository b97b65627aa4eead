"""The layouts in which backbones are written, one row per layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from mmbarlow.convert import detectron2
from mmbarlow.convert.backbone import Backbone

IMAGENET = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
)


class Writer(NamedTuple):
    """A layout to write.

    content: returns the object to save, from the backbone and the meta of the mm layout.
    use: returns the next command, from the backbone and the path of the file.
    save: writes the content to a file.
    suffix: of the file, if its reader requires one.
    """

    content: Callable[[Backbone, dict], dict]
    use: Callable[[Backbone, Path], str]
    save: Callable[[dict, Path], None] = torch.save
    suffix: str = ''


def meta_of(
    backbone: Backbone,
    name: str | None = None,
    model: str | None = None,
    seed: int | None = None,
    mean: list[float] | None = None,
    std: list[float] | None = None,
) -> dict:
    """The `meta` that `mmbarlow.apis.get_model` and the records of benchmarks need.

    Arguments that are not given come from the source file, if it has them.

    Args:
        backbone: from `load_backbone`.
        name: `pretrain_config` in records; the layout and depth by default.
        model: method in records; by default the name, so that no supervised network is taken for
            Barlow Twins.
        seed: seed of the pretraining; 0 if it is unknown.
        mean, std: mean and standard deviation of the pixels, RGB, 0 to 255; ImageNet's by default.
    """
    own = backbone.meta
    name = name or own.get('pretrain_config')
    name = name or f'{backbone.source.name}-resnet{backbone.config["depth"]}'
    official = backbone.source.name == 'barlowtwins-official'
    preprocessor = IMAGENET | (backbone.preprocessor or {})
    preprocessor.update({k: v for k, v in (('mean', mean), ('std', std)) if v})
    return dict(
        encoder=json.dumps(dict(backbone=backbone.config, data_preprocessor=preprocessor)),
        model=model or own.get('model') or ('barlowtwins' if official else name),
        pretrain_config=name,
        seed=own.get('seed', 0) if seed is None else seed,
        scale=own.get('scale', 'full'),
    )


def _mm_use(backbone: Backbone, path: Path) -> str:
    suite = 'in1k' if backbone.state['conv1.weight'].shape[-1] == 7 else 'small'
    return f'python tools/benchmark.py {path} --suite {suite}'


def _torchvision_use(backbone: Backbone, path: Path) -> str:
    # only fc is missing
    return _network('torchvision', f"torch.load('{path}'), strict=False", backbone)


def _timm_use(backbone: Backbone, path: Path) -> str:
    return _network('timm', f"torch.load('{path}')", backbone)


def _detectron2_use(backbone: Backbone, path: Path) -> str:
    images: dict = IMAGENET | (backbone.preprocessor or {})
    # None in OpenMMLab: the pixels stay as they are
    mean, std = images['mean'] or [0.0] * 3, images['std'] or [1.0] * 3
    options = detectron2.options(backbone, mean, std)
    return f'in detectron2: python tools/train_net.py ... MODEL.WEIGHTS {path} {options}'


def _network(library: str, weights: str, backbone: Backbone) -> str:
    depth = backbone.config['depth']
    shapes = [tuple(backbone.state[f'{n}.weight'].shape) for n in ('conv1', 'layer1.0.conv1')]
    if shapes[0] != (64, 3, 7, 7) or shapes[1][0] != 64:
        return (
            f'.load_state_dict({weights}) of a ResNet-{depth} of {library} with this stem and width'
        )
    network = dict(
        torchvision=f'torchvision.models.resnet{depth}()',
        timm=f"timm.create_model('resnet{depth}', num_classes=0)",
    )
    return f'{network[library]}.load_state_dict({weights})'


WRITERS = {
    'mm': Writer(lambda b, meta: dict(state_dict=b.state, meta=meta), _mm_use),
    'torchvision': Writer(lambda b, meta: b.state, _torchvision_use),
    'timm': Writer(lambda b, meta: b.state, _timm_use),
    'detectron2': Writer(detectron2.content, _detectron2_use, detectron2.save, '.pkl'),
}
