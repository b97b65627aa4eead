"""Configs that come with a checkpoint: to be built from, so no less dangerous than its pickle.

MMEngine takes any importable name as `type` and calls it: `subprocess.run` as well as a network.
"""

import json
import re
from typing import Any

from torch import nn

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

NAME = re.compile(r'((mmbarlow|mmpretrain|mmdet|mmcv|mmengine)\.)?\w+')


def encoder_config(checkpoint: dict) -> dict | None:
    """The config of the `mmbarlow.Encoder` that a checkpoint's meta describes, if it does.

    Raises:
        InputError: it describes something else than a network.
    """
    meta = checkpoint.get('meta', {})
    return parse_encoder(meta['encoder']) if 'encoder' in meta else None


def parse_encoder(text: str) -> dict:
    """Arguments of `mmbarlow.Encoder` from JSON, in which each `type` is a registered network,
    layer or preprocessor. What an `init_cfg` says is dropped: it can name files to unpickle.

    Raises:
        InputError: it is no JSON object, or a `type` is anything else.
    """
    try:
        config = json.loads(text)
    except (TypeError, ValueError):
        config = None
    if not isinstance(config, dict) or not isinstance(config.get('backbone'), dict):
        raise InputError(
            "the checkpoint's description of its network cannot be read: give the pretraining "
            'config.'
        )
    return _checked(config)


def _checked(node: Any) -> Any:
    if isinstance(node, list):
        return [_checked(item) for item in node]
    if not isinstance(node, dict):
        return node
    if 'type' in node and not _is_network(node['type']):
        raise InputError(
            f'the checkpoint asks for {node["type"]!r} in its network, which is no network or '
            'layer of OpenMMLab: it is not run.'
        )
    return {key: _checked(value) for key, value in node.items() if key != 'init_cfg'}


def _is_network(kind: object) -> bool:
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        return False
    found = MODELS.get(kind)
    return isinstance(found, type) and issubclass(found, nn.Module)
