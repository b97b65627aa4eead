"""What a detection config needs before it is trained, whichever program trains it."""

from pathlib import Path

from mmdet.models.backbones import ResNet
from mmengine.config import Config

from mmbarlow.convert.backbone import load_backbone
from mmbarlow.detection.data_checks import check_data
from mmbarlow.detection.own_data import complete


def prepare_detector(cfg: Config) -> None:
    """Complete a detection config in place, and check its data.

    Raises:
        InputError: see `own_data.complete`, `check_data` and `load_backbone`, which reads the
            checkpoint that the key `pretrained` names.
    """
    complete(cfg)
    if cfg.get('pretrained'):
        fit_pyramid(cfg, load_backbone(Path(cfg.pretrained)).config)
    check_data(cfg)


def fit_pyramid(cfg: Config, backbone: dict) -> None:
    """Give a detector with a feature pyramid the depth and widths of a pretrained ResNet, in place.

    Args:
        cfg: of a detector; one without a neck stays as it is.
        backbone: config of a ResNet of mmpretrain.
    """
    if 'neck' not in cfg.model:
        return
    own = cfg.model.backbone
    own.update({key: backbone[key] for key in ('depth', 'style') if key in backbone})
    base, stem = (backbone.get(f'{part}_channels', 64) for part in ('base', 'stem'))
    own.update(base_channels=base, stem_channels=stem)
    block, stages = ResNet.arch_settings[own.depth]
    cfg.model.neck.in_channels = [base * block.expansion * 2**i for i in range(len(stages))]
