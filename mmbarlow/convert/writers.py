"""The layouts in which backbones are written, one row per layout."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from mmbarlow.convert import detectron2
from mmbarlow.convert.backbone import Backbone
from mmbarlow.errors import InputError
from mmbarlow.models.encoder_description import encoder_config
from mmbarlow.weight_files import SAFE

IMAGENET = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
)


class Writer(NamedTuple):
    """A layout to write."""

    content: Callable[[Backbone, dict], dict]  # what to save; the dict is the mm layout's meta
    use: Callable[[Backbone, Path], str]  # the next command; the path is the file's
    save: Callable[[dict, Path], None] = torch.save
    suffixes: tuple[str, ...] = ('.pth', '.pt', '.ckpt', '.bin', '.tar', SAFE)  # of the file


def check_destination(source: Path, destination: Path, force: bool) -> None:
    """Raises InputError if a file must not be written there."""
    if destination.is_dir():
        raise InputError(f'{destination} is a folder: give the file to write.')
    if destination.exists() and source.exists() and destination.samefile(source):
        raise InputError(f'{destination} is the source, which is never changed: give another file.')
    if destination.exists() and not force:
        raise InputError(f'{destination} exists already: --force replaces it.')


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
        mean, std: mean and standard deviation of each channel, 0 to 255; of RGB, ImageNet's by
            default.

    Raises:
        InputError: they are not of the channels that the network takes.
    """
    own, source = backbone.meta, backbone.source.name
    name = name or own.get('pretrain_config') or f'{source}-resnet{backbone.config["depth"]}'
    method = 'barlowtwins' if source == 'barlowtwins-official' else name
    preprocessor = IMAGENET | (backbone.preprocessor or {})
    preprocessor.update({k: v for k, v in (('mean', mean), ('std', std)) if v})
    channels = backbone.config.get('in_channels', 3)
    if not {len(preprocessor[k] or [0]) for k in ('mean', 'std')} <= {1, channels}:
        raise InputError(
            f'the network takes images of {channels} channel{"s" * (channels > 1)}: give --mean '
            'and --std with a number for each.'
        )
    if channels not in (1, 3):
        preprocessor['type'] = 'mmbarlow.ChannelsPreprocessor'
    encoder = encoder_config(dict(meta=own)) or {}
    encoder |= dict(backbone=backbone.config, data_preprocessor=preprocessor)
    return dict(
        encoder=json.dumps(encoder),
        model=model or own.get('model') or method,
        pretrain_config=name,
        seed=own.get('seed', 0) if seed is None else seed,
        scale=own.get('scale', 'full'),
    )


def _mm_use(backbone: Backbone, path: Path) -> str:
    suite = 'in1k' if backbone.state['conv1.weight'].shape[-1] == 7 else 'small'
    return f'python tools/benchmark.py {path} --suite {suite}'


def _load_use(network: str, options: str, backbone: Backbone, path: Path) -> str:
    """`network` makes a ResNet of a depth, {}; `options` are arguments for `load_state_dict`."""
    reader = 'safetensors.torch.load_file' if path.suffix == SAFE else 'torch.load'
    depth, load = backbone.config['depth'], f".load_state_dict({reader}('{path}'){options})"
    stem, block = (backbone.state[f'{n}.weight'].shape for n in ('conv1', 'layer1.0.conv1'))
    if stem != (64, 3, 7, 7) or block[0] != 64:
        library = network.split('.')[0]
        return f'{load} of a ResNet-{depth} of {library} with this stem and width'
    return network.format(depth) + load


def _detectron2_use(backbone: Backbone, path: Path) -> str:
    images: dict = IMAGENET | (backbone.preprocessor or {})
    # None in OpenMMLab: the pixels stay as they are
    options = detectron2.options(backbone.config, images['mean'] or [0.0], images['std'] or [1.0])
    return f'in detectron2: python tools/train_net.py ... MODEL.WEIGHTS {path} {options}'


WRITERS = {
    'mm': Writer(lambda b, meta: dict(state_dict=b.state, meta=meta), _mm_use),
    'torchvision': Writer(
        lambda b, meta: b.state,
        partial(_load_use, 'torchvision.models.resnet{}()', ', strict=False'),  # only fc is missing
    ),
    'timm': Writer(
        lambda b, meta: b.state,
        partial(_load_use, "timm.create_model('resnet{}', num_classes=0)", ''),
    ),
    'detectron2': Writer(
        lambda b, meta: detectron2.content(b.state), _detectron2_use, detectron2.save, ('.pkl',)
    ),
}
