"""The functions to call from a notebook.

>>> from mmbarlow.apis import get_model, extract_features
>>> model = get_model('work_dirs/NAME/NAME_backbone.pth')
>>> features = extract_features(model, ['a.jpg', 'b.jpg'], size=224)  # (2, C)
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from PIL import Image
from torch import Tensor

from mmbarlow.checkpoints import backbone_state, check_fits, read_checkpoint
from mmbarlow.config import read_config
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import encoder_config


def get_model(
    checkpoint: str | Path | None = None, config: str | Path | Config | None = None
) -> Encoder:
    """A frozen encoder, in eval mode, on the best device there is.

    Args:
        checkpoint: an exported backbone (`NAME_backbone.pth`) or a pretraining checkpoint;
            without one the network is untrained.
        config: the pretraining config; an exported backbone needs none.

    Raises:
        InputError: neither is given, or the checkpoint does not fit the config.
    """
    weights = read_checkpoint(checkpoint) if checkpoint is not None else {}
    model = Encoder(**encoder_config_of(checkpoint, weights, config))
    if checkpoint is None:
        logging.disable(logging.INFO)  # outside a Runner, MMEngine prints a line per tensor
        model.init_weights()
        logging.disable(logging.NOTSET)
    else:
        state = backbone_state(weights)
        check_fits(model.backbone, state, checkpoint)
        model.backbone.load_state_dict(state)
    model.to(get_device())
    model.eval()
    return model


def encoder_config_of(
    checkpoint: str | Path | None, weights: dict, config: str | Path | Config | None
) -> dict:
    """The arguments of the `Encoder` that `config`, or else the meta of `weights`, describes.

    Raises:
        InputError: neither describes one; the message names the `checkpoint`.
    """
    if config is not None:
        model_cfg = (config if isinstance(config, Config) else read_config(config)).model
        return {k: model_cfg[k] for k in ('backbone', 'data_preprocessor') if k in model_cfg}
    encoder_cfg = encoder_config(weights)
    if encoder_cfg is None:
        raise InputError(
            f'{checkpoint} does not say which network it belongs to: give its pretraining config.'
        )
    return encoder_cfg


@torch.no_grad()
def extract_features(
    model: Encoder, images: Sequence[str | Path | Image.Image | np.ndarray], size: int = 224
) -> Tensor:
    """Representations of images: resized to 8/7 of `size`, cropped to the center, encoded.

    Args:
        model: from `get_model`.
        images: paths, PIL images or uint8 RGB arrays (H, W, 3).
        size: height and width of the crop, in pixels. The shorter side is first resized to 8/7 of
            it, which is ImageNet's ratio of 256 to 224.

    Returns:
        Float tensor (len(images), C) on the CPU.
    """
    view = CenterView(size, round(size * 8 / 7))

    def tensor_of(image: str | Path | Image.Image | np.ndarray) -> Tensor:
        sample = (
            dict(img_path=image) if isinstance(image, str | Path) else dict(img=np.asarray(image))
        )
        return torch.from_numpy(view.transform(sample)['img']).permute(2, 0, 1)

    batch = dict(inputs=torch.stack([tensor_of(image) for image in images]), data_samples=None)
    return model(model.data_preprocessor(batch)['inputs']).cpu()
