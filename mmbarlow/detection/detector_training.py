"""Benchmarks that fine-tune a detector on the judged network."""

from copy import deepcopy
from functools import partial

from mmengine.config import Config

from mmbarlow.detection.data_checks import check_data
from mmbarlow.detection.resnet_weights import load_resnet
from mmbarlow.errors import InputError
from mmbarlow.evaluation.training import normalization, train_and_evaluate
from mmbarlow.models.encoder import Encoder

# What tensors alone do not tell: a ResNet of another style has the same ones.
ALIKE = dict(depth=50, style='pytorch')


def train_detector(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a detector on a pretrained network; see `train_and_evaluate`.

    Args:
        encoder: the judged network, a ResNet.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with a detector of mmdet whose ResNet is like the judged one.
            Not changed.
    """
    cfg = deepcopy(cfg)
    put_in(encoder_cfg, cfg)
    check_data(cfg)
    state = encoder.backbone.state_dict()
    return train_and_evaluate(cfg, state, partial(load_resnet, state=state))


def put_in(encoder_cfg: dict, cfg: Config) -> None:
    """Prepare `cfg`, in place, for the judged network: its weights come later, from memory, and
    its images are normalised as in the pretraining.

    Raises:
        InputError: the judged network is not the ResNet that the detector is made for.
    """
    judged, own = encoder_cfg['backbone'], cfg.model.backbone
    if judged['type'].split('.')[-1] != 'ResNet':
        raise InputError(f'a detector takes a plain ResNet, and this is a {judged["type"]}.')
    for name, default in ALIKE.items():
        values = [backbone.get(name, default) for backbone in (judged, own)]
        if values[0] != values[1]:
            raise InputError(
                f"the judged ResNet has the {name} {values[0]}, the detector's {values[1]}: "
                'docs/detection.md says what to give as --cfg-options.'
            )
    if cfg.get('pretrained'):
        raise InputError(
            'the judged network is the checkpoint of the command: leave out pretrained.'
        )
    cfg.custom_hooks = [h for h in cfg.custom_hooks if h.type != 'mmbarlow.PretrainedHook']

    mean, std, swapped = normalization(encoder_cfg)
    images = cfg.model.data_preprocessor
    # mmdet reads B, G, R.
    images.update(mean=mean, std=std, bgr_to_rgb=not swapped)
