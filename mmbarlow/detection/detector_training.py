"""Benchmarks that fine-tune a pretrained network in a detector."""

from copy import deepcopy
from functools import partial

from mmengine.config import Config

from mmbarlow.detection.preparing import fit_pyramid, prepare_detector
from mmbarlow.errors import InputError
from mmbarlow.evaluation.resnet_models import adapt_to_encoder
from mmbarlow.evaluation.resnet_weights import load_resnet
from mmbarlow.evaluation.training import train_and_evaluate
from mmbarlow.models.encoder import Encoder

# Arguments that must be equal. A ResNet of another style has tensors of the same shapes.
ALIKE = dict(depth=50, style='pytorch')


def train_detector(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a detector on a pretrained network; see `train_and_evaluate`.

    Args:
        encoder: the pretrained network, a ResNet.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with a detector of mmdet that has the same ResNet. Not changed.

    Raises:
        InputError: the pretrained network is not the ResNet that the detector is made for.
    """
    cfg = deepcopy(cfg)
    adapt_to_encoder(cfg, encoder_cfg, 'detector')
    fit_pyramid(cfg, encoder_cfg['backbone'])
    check_alike(cfg, encoder_cfg['backbone'])
    prepare_detector(cfg)
    state = encoder.backbone.state_dict()
    return train_and_evaluate(cfg, state, partial(load_resnet, state=state))


def check_alike(cfg: Config, pretrained: dict) -> None:
    """Raises InputError unless the detector has the ResNet that was pretrained."""
    for name, default in ALIKE.items():
        values = [backbone.get(name, default) for backbone in (pretrained, cfg.model.backbone)]
        if values[0] != values[1]:
            raise InputError(
                f"the pretrained ResNet has the {name} {values[0]}, the detector's {values[1]}: "
                'docs/detection.md says what to give as --cfg-options.'
            )
