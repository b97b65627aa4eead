"""Benchmarks that fine-tune a pretrained network in a detector."""

from copy import deepcopy
from functools import partial

from mmengine.config import Config

from mmbarlow.detection.preparing import fit_pyramid, prepare_detector
from mmbarlow.detection.resnet_weights import load_resnet
from mmbarlow.errors import InputError
from mmbarlow.evaluation.training import normalization, train_and_evaluate
from mmbarlow.models.encoder import Encoder

# Arguments that must be equal. A ResNet of another style has tensors of the same shapes.
ALIKE = dict(depth=50, style='pytorch')


def train_detector(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a detector on a pretrained network; see `train_and_evaluate`.

    Args:
        encoder: the pretrained network, a ResNet.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with a detector of mmdet that has the same ResNet. Not changed.
    """
    cfg = deepcopy(cfg)
    adapt_to_encoder(cfg, encoder_cfg)
    prepare_detector(cfg)
    state = encoder.backbone.state_dict()
    return train_and_evaluate(cfg, state, partial(load_resnet, state=state))


def adapt_to_encoder(cfg: Config, encoder_cfg: dict) -> None:
    """Prepare `cfg`, in place, for a pretrained network.

    The weights come later, from memory. Images are normalized as in pretraining, and a feature
    pyramid takes the depth and widths of the network.

    Raises:
        InputError: the pretrained network is not the ResNet that the detector is made for.
    """
    pretrained, own = encoder_cfg['backbone'], cfg.model.backbone
    if pretrained['type'].split('.')[-1] != 'ResNet':
        raise InputError(f'a detector needs a plain ResNet, but this is a {pretrained["type"]}.')
    fit_pyramid(cfg, pretrained)
    for name, default in ALIKE.items():
        values = [backbone.get(name, default) for backbone in (pretrained, own)]
        if values[0] != values[1]:
            raise InputError(
                f"the pretrained ResNet has the {name} {values[0]}, the detector's {values[1]}: "
                'docs/detection.md says what to give as --cfg-options.'
            )
    if cfg.get('pretrained'):
        raise InputError('the command already names the pretrained network: leave out pretrained.')
    cfg.custom_hooks = [h for h in cfg.custom_hooks if h.type != 'mmbarlow.PretrainedHook']

    mean, std, swapped = normalization(encoder_cfg)
    images = cfg.model.data_preprocessor
    images.update(mean=mean, std=std, bgr_to_rgb=not swapped)  # mmdet reads B, G, R
