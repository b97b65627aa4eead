"""Configs of detectors and segmentors, made ready for a pretrained ResNet."""

from mmengine.config import Config

from mmbarlow.errors import InputError
from mmbarlow.evaluation.training import normalization


def adapt_to_encoder(cfg: Config, encoder_cfg: dict, kind: str) -> None:
    """Prepare `cfg`, in place, for a pretrained network.

    The weights come later, from memory. Images are normalized as in pretraining.

    Args:
        cfg: with a model of mmdet or mmseg, whose data sets read B, G, R.
        encoder_cfg: of the network: `backbone`, `data_preprocessor`.
        kind: of the model, for messages: detector, segmentor.

    Raises:
        InputError: the pretrained network is no plain ResNet, or the config names one itself.
    """
    pretrained = encoder_cfg['backbone']
    if pretrained['type'].split('.')[-1] != 'ResNet':
        raise InputError(f'a {kind} needs a plain ResNet, but this is a {pretrained["type"]}.')
    if cfg.get('pretrained'):
        raise InputError('the command already names the pretrained network: leave out pretrained.')
    cfg.custom_hooks = [h for h in cfg.custom_hooks if h.type != 'mmbarlow.PretrainedHook']
    mean, std, swapped = normalization(encoder_cfg)
    images = cfg.model.data_preprocessor
    images.update(mean=mean, std=std, bgr_to_rgb=not swapped)
