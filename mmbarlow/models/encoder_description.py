"""Configs that come with a checkpoint: to be built from, so no less dangerous than its pickle.

MMEngine takes any importable name as `type` and calls it: `subprocess.run` as well as a network.
"""

import json
import re
from typing import Any

from mmengine.config import Config

from mmbarlow.config import nodes, type_name
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import DESCRIBED

# Networks and preprocessors that neither read nor fetch anything, whatever their arguments.
NETWORKS = {f'mmbarlow.{name}ResNet' for name in ('Generator', 'Pooled', 'Solo')}
NETWORKS |= {'mmbarlow.RawPixels', 'mmbarlow.OtherChannels'}
NETWORKS |= {
    f'mmpretrain.{name}'
    for name in (
        *('ResNet', 'ResNetV1c', 'ResNetV1d', 'ResNet_CIFAR', 'ResNeXt', 'SEResNet', 'SEResNeXt'),
        *('VGG', 'RegNet', 'DenseNet', 'MobileNetV2', 'ConvNeXt', 'VisionTransformer'),
        *('SwinTransformer', 'SwinTransformerV2', 'AlexNet', 'LeNet5', 'BEiTViT', 'Conformer'),
        *('ConvMixer', 'CSPDarkNet', 'CSPResNet', 'CSPResNeXt', 'DaViT', 'DeiT3', 'EdgeNeXt'),
        *('DistilledVisionTransformer', 'EfficientFormer', 'EfficientNet', 'EfficientNetV2'),
        *('HiViT', 'HorNet', 'HRNet', 'InceptionV3', 'MixMIMTransformer', 'MlpMixer', 'MViT'),
        *('MobileNetV3', 'MobileOne', 'MobileViT', 'PCPVT', 'SVT', 'PoolFormer', 'RIFormer'),
        *('PyramidVig', 'Vig', 'RepLKNet', 'RepMLPNet', 'RepVGG', 'Res2Net', 'ResNeSt'),
        *('RevVisionTransformer', 'ShuffleNetV1', 'ShuffleNetV2', 'TNT', 'VAN', 'ViTEVA02'),
        *('ViTSAM', 'XCiT'),
    )
}
# Networks with some of their arguments alone. A name without a colon or a point is of timm's own
# networks, and its other arguments could name anything. The others loop in Python over all pairs of
# positions, or over all positions, so that one number of theirs could keep a reader busy for days.
SIZED = {'type', 'arch', 'img_size', 'in_channels', '_scope_'}
LIMITED = {
    'mmpretrain.TIMMBackbone': {'type', 'model_name', 'img_size', 'in_channels', '_scope_'},
    'mmpretrain.LeViT': SIZED,
    'mmpretrain.TinyViT': SIZED,
    'mmpretrain.T2T_ViT': SIZED - {'arch'},
}
LONGEST = 512  # pixels a side of images of those of mmpretrain
PREPROCESSORS = {'mmbarlow.BatchTwinViews', 'mmbarlow.BatchMultiViews'}
PREPROCESSORS |= {'mmbarlow.ChannelsPreprocessor', 'mmbarlow.PackedTwinViews'}
PREPROCESSORS |= {'mmpretrain.SelfSupDataPreprocessor'}
PREPROCESSORS |= {'mmpretrain.ClsDataPreprocessor', 'mmengine.ImgDataPreprocessor'}
LAYERS = {'BN', 'BN1d', 'BN2d', 'SyncBN', 'GN', 'LN', 'LN2d', 'IN', 'Conv2d', 'Conv'}
LAYERS |= {'ReLU', 'LeakyReLU', 'PReLU', 'ReLU6', 'ELU', 'GELU', 'SiLU', 'Swish', 'HSwish'}
PERMITTED = NETWORKS | PREPROCESSORS | LAYERS
SCOPES = {'mmbarlow', 'mmpretrain', 'mmengine'}  # values of `_scope_`, which MMEngine imports
# Arguments that name something to read, in any package; `init_cfg` is dropped instead.
READS = re.compile(r'_|pretrain|token|checkpoint|(.*_)?(file|path|url|uri|dir|root|weights?)$')
LARGEST = 65536  # of any number: sizes of images and of layers, values of pixels
WORD = re.compile(r'[\w-]{0,40}')
IMAGES = ('channels', 'range')  # options of our transforms that say what images are


def encoder_parts(cfg: Config) -> dict[str, Any]:
    """The arguments of the `mmbarlow.Encoder` that a pretraining config makes: `backbone`,
    `data_preprocessor`, and what its training pipeline says of the images.

    Raises:
        InputError: it makes two, of two modalities.
    """
    names = modalities_of(cfg)
    if len(names) > 1:
        raise InputError(
            f'the config has the modalities {" and ".join(names)}: give one of the backbones that '
            'its training exports, without a config.'
        )
    return encoders_of(cfg)['']


def encoders_of(cfg: Config) -> dict[str, dict[str, Any]]:
    """The same of each modality, by name."""
    encoders = {}
    for place, (name, model) in enumerate(modalities_of(cfg).items()):
        parts = {key: model[key] for key in DESCRIBED if key in model}
        images = model.get('images') or image_options(cfg, place)
        encoders[name] = parts | (dict(images=images) if images else {})
    return encoders


def modalities_of(cfg: Config) -> dict[str, Any]:
    """The parts of a config's model that have a backbone, by name: two modalities, or all of the
    model under the empty name."""
    modalities = cfg.model.get('modalities')
    if not modalities:
        return {'': cfg.model}
    return {name: modalities[name] for name in cfg.model.get('order') or modalities}


def state_order(cfg: Config) -> None:
    """Write the order of two modalities into the config: MMEngine saves dicts sorted by name."""
    if modalities := cfg.model.get('modalities'):
        cfg.model.setdefault('order', list(modalities))


def image_options(cfg: Config, place: int = 0) -> dict[str, Any]:
    """`channels` and `range` of the first transform of ours in the training data that has one; of
    pairs, those of the image at `place` in them."""
    for node in nodes(cfg.get('train_dataloader') or {}):
        found = {key: node[key] for key in IMAGES if node.get(key) is not None}
        kind = type_name(node.get('type', ''))
        if found and kind == 'mmbarlow.PairedViews':
            sides = {key: value[place] for key, value in found.items()}
            return {key: value for key, value in sides.items() if value is not None}
        if found and kind.startswith('mmbarlow.'):
            return found
    return {}


def encoder_config(checkpoint: dict) -> dict | None:
    """The config of the `mmbarlow.Encoder` that a checkpoint's meta describes, if it does.

    Raises:
        InputError: it describes something else than a network.
    """
    meta = checkpoint.get('meta', {})
    return parse_encoder(meta['encoder']) if 'encoder' in meta else None


def parse_encoder(text: str) -> dict:
    """Arguments of `mmbarlow.Encoder` from JSON, in which each `type` is `PERMITTED` and each
    value is plain. What an `init_cfg` says is dropped: it can name files to unpickle.

    Raises:
        InputError: it is no such JSON object.
    """
    try:
        config = json.loads(text) if len(text) < 100_000 else None
        backbone = config.get('backbone') if isinstance(config, dict) else None
        if isinstance(config, dict) and isinstance(backbone, dict) and 'type' in backbone:
            images = config.pop('images', None)
            return _checked(config) | (dict(images=_images(images)) if images else {})
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
    raise InputError(
        "the checkpoint's description of its network cannot be read: give the pretraining config."
    )


def is_described(backbone: dict) -> bool:
    """Whether a file of weights can say that it is of this backbone, and is believed."""
    try:
        parse_encoder(json.dumps(dict(backbone=backbone)))
    except InputError:
        return False
    return True


def _images(options: Any) -> dict[str, Any]:
    """The same options of images, whose numbers may be as large as pixels are."""
    if not (isinstance(options, dict) and set(options) <= set(IMAGES)):
        raise ValueError
    _checked(options.get('channels'))
    ends = options.get('range', 'dtype')
    flat = [end for pair in ends for end in (pair if isinstance(pair, list) else [pair])]
    if ends != 'dtype' and not all(isinstance(end, int | float) for end in flat):
        raise ValueError
    return options


def _checked(node: Any) -> Any:
    """`node` without its `init_cfg`, if it holds permitted types and plain values alone."""
    if isinstance(node, list):
        return [_checked(item) for item in node]
    if isinstance(node, str) and not WORD.fullmatch(node):
        raise InputError(
            f'the checkpoint has {node!r:.60} in the description of its network, which may be a '
            'path or an address: it is not used. Give the pretraining config.'
        )
    if isinstance(node, int | float) and not abs(node) <= LARGEST:
        raise InputError(
            f'the checkpoint has the number {node:.3g} in the description of its network, which is '
            'not built. Give the pretraining config.'
        )
    if not isinstance(node, dict):
        return node
    for key, value in node.items():
        permitted = isinstance(value, str) and value in PERMITTED or _is_limited(node)
        if key == 'type' and not permitted:
            raise InputError(
                f'the checkpoint asks for {value!r:.60} in its network, which is no network or '
                'layer of OpenMMLab that weights may ask for: it is not run. Give the pretraining '
                'config.'
            )
        if READS.match(key) and not (key == '_scope_' and value in SCOPES):
            raise InputError(
                f'the checkpoint gives its network the argument {key[:60]!r}, which may read '
                'files: it is not used. Give the pretraining config.'
            )
    return {
        key: value if key == 'type' else _checked(value)
        for key, value in node.items()
        if key != 'init_cfg'
    }


def _is_limited(node: dict) -> bool:
    """Whether it is one of `LIMITED` by a name, the size of images and their channels alone."""
    kind = node.get('type')
    allowed = LIMITED.get(kind, set()) if isinstance(kind, str) else set()
    if not {'type'} < node.keys() <= allowed:
        return False
    if 'model_name' in allowed:
        return 'model_name' in node
    size = node.get('img_size', LONGEST)
    sides = size if isinstance(size, list) else [size]
    known = all(isinstance(side, int) and side <= LONGEST for side in sides)
    return known and isinstance(node.get('arch', ''), str)
