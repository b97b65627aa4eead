"""Benchmarks that train a segmentor on a pretrained network."""

from copy import deepcopy
from functools import partial

from mmengine.config import Config

from mmbarlow.evaluation.resnet_models import adapt_to_encoder
from mmbarlow.evaluation.resnet_weights import load_resnet
from mmbarlow.evaluation.training import train_and_evaluate
from mmbarlow.models.encoder import Encoder
from mmbarlow.segmentation.preparation import prepare_masks


def train_segmentor(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a segmentor on a pretrained network; see `train_and_evaluate`.

    Args:
        encoder: the pretrained network, a ResNet of any depth, which the heads are fitted to.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with an `EncoderDecoder` of mmseg on a ResNet. Not changed.

    Raises:
        InputError: the network is no plain ResNet, or the data cannot be used.
    """
    cfg = deepcopy(cfg)
    adapt_to_encoder(cfg, encoder_cfg, 'segmentor')
    own = encoder_cfg['backbone']
    cfg.model.backbone.update(depth=own.get('depth', 50), style=own.get('style', 'pytorch'))
    prepare_masks(cfg)
    state = encoder.backbone.state_dict()
    return train_and_evaluate(cfg, state, partial(load_resnet, state=state))
