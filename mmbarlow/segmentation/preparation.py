"""A segmentation config, fitted to its data."""

from collections.abc import Iterator

from mmengine.config import Config
from mmseg.models.backbones import ResNet

from mmbarlow.errors import InputError
from mmbarlow.launch import on_first
from mmbarlow.segmentation.mask_checks import check_masks

PASSES = 50  # over the training images, where the config leaves the length open
LEAST, MOST = 1000, 40000  # iterations
EVALUATIONS = 4


def prepare_masks(cfg: Config) -> None:
    """Check the data of a segmentation config, and fill in what the data decides, in place.

    That is the width of the heads, for the ResNet of the config, and where the config has None, the
    number of classes and the length of the training. The first process reads all masks once, on
    behalf of all processes. Call it after the processes have been started.

    Raises:
        InputError: see `check_masks`; or a head has another number of classes than the data.
    """
    facts = on_first(lambda: check_masks(cfg))
    fit_widths(cfg)
    for name, head in heads(cfg):
        if head.get('num_classes') is None:
            head['num_classes'] = len(facts.classes)
        if head['num_classes'] != len(facts.classes):
            raise InputError(
                f'the {name} has {head["num_classes"]} classes, the data {len(facts.classes)}: set '
                f'model.{name}.num_classes={len(facts.classes)}.'
            )
    if cfg.get('train_cfg'):
        fit_length(cfg, facts.images)


def heads(cfg: Config) -> Iterator[tuple[str, dict]]:
    """The heads of a segmentor by the name of their key."""
    for name in ('decode_head', 'auxiliary_head'):
        found = cfg.model.get(name)
        for head in found if isinstance(found, list | tuple) else [found]:
            if head:
                yield name, head


def fit_widths(cfg: Config) -> None:
    """Give each head on one stage of a plain ResNet the number of its channels."""
    backbone = cfg.model.backbone
    if backbone.type.split('.')[-1] != 'ResNet':
        return
    first = backbone.get('base_channels', 64) * ResNet.arch_settings[backbone.depth][0].expansion
    for _, head in heads(cfg):
        if isinstance(stage := head.get('in_index'), int):
            head['in_channels'] = first * 2 ** backbone.out_indices[stage]


def fit_length(cfg: Config, images: int) -> None:
    """Where the config says None: `PASSES` over the images, from `LEAST` to `MOST` iterations."""
    loop = cfg.train_cfg
    if loop.get('max_iters', 0) is None:
        steps = PASSES * images // cfg.train_dataloader.batch_size
        loop.max_iters = min(max(steps, LEAST), MOST)
    if loop.get('val_interval', 0) is None:
        loop.val_interval = -(-loop.max_iters // EVALUATIONS)  # the last one is at the end
    for scheduler in cfg.get('param_scheduler') or []:
        if scheduler.get('end', 0) is None:
            scheduler['end'] = loop.max_iters
