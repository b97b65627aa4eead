"""Benchmarks that train a classifier, on the frozen network or together with it."""

import inspect
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from torch import Tensor

from mmbarlow.checkpoints import check_fits
from mmbarlow.config import explained
from mmbarlow.evaluation.labels_hook import LabelsHook
from mmbarlow.evaluation.training import normalisation, run
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import DATASETS, MODELS

# Choices of a benchmark, not of the network: those of the pretraining do not count.
BENCHMARKS_OWN = ('frozen_stages', 'norm_eval', 'init_cfg')


def train_classifier(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a classifier on a pretrained network; see `training.run`.

    Args:
        encoder: the judged network.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with an `mmpretrain.ImageClassifier` whose backbone stands for the
            judged one; see `put_in`. Not changed.
    """
    cfg = deepcopy(cfg)
    state = encoder.backbone.state_dict()
    with explained('the benchmark'):
        put_in(encoder_cfg, cfg)
        fit_head(cfg)
    return run(cfg, state, partial(load_backbone, state), [LabelsHook()])


def put_in(encoder_cfg: dict, cfg: Config) -> None:
    """Make the judged network the backbone of `cfg`, in place, without its weights.

    What the benchmark says of `frozen_stages`, `norm_eval` and `out_indices` holds, and a
    backbone of the benchmark's that wraps another (`mmbarlow.StemResNet`) gets the judged one
    inside. The images are normalised as in the pretraining.
    """
    model = cfg.model
    wraps = 'backbone' in model.backbone
    asked = model.backbone.backbone if wraps else model.backbone
    backbone = {k: v for k, v in encoder_cfg['backbone'].items() if k not in BENCHMARKS_OWN}
    backbone.update({k: asked[k] for k in ('norm_eval', 'out_indices') if k in asked})
    if 'frozen_stages' in asked and _takes(backbone['type'], 'frozen_stages'):
        stages = backbone.get('num_stages', asked.frozen_stages)
        backbone['frozen_stages'] = min(asked.frozen_stages, stages)
    if wraps:
        model.backbone.backbone = ConfigDict(backbone)
    else:
        model.backbone = ConfigDict(backbone)

    mean, std, swapped = normalisation(encoder_cfg)
    model.data_preprocessor = ConfigDict(
        model.get('data_preprocessor', dict(type='mmpretrain.ClsDataPreprocessor')),
        mean=mean,
        std=std,
        to_rgb=swapped,
    )


def _takes(kind: str, argument: str) -> bool:
    parameters = inspect.signature(MODELS.get(kind)).parameters.values()  # pyright: ignore[reportArgumentType]
    return any(p.name == argument or p.kind == p.VAR_KEYWORD for p in parameters)


@torch.no_grad()
def fit_head(cfg: Config) -> None:
    """Give the head the width of the features that backbone and neck make of a test image.

    `in_channels` where they are vectors, `in_shapes` where they are several maps.
    """
    image = DATASETS.build(cfg.val_dataloader.dataset)[0]['inputs']
    backbone = MODELS.build(cfg.model.backbone)
    backbone.eval()  # mmpretrain's ResNet returns nothing from it
    features = backbone(torch.zeros(1, *image.shape))
    if cfg.model.get('neck'):
        features = MODELS.build(cfg.model.neck)(features)
    if features[-1].ndim == 2:
        cfg.model.head.in_channels = features[-1].shape[1]
    else:
        cfg.model.head.in_shapes = [tuple(x.shape[1:]) for x in features]


def load_backbone(state: dict[str, Tensor], model: Any) -> None:
    """Raises InputError unless the tensors are those of the model's backbone, all of them."""
    backbone = getattr(model.backbone, 'backbone', model.backbone)  # of mmbarlow.StemResNet
    check_fits(backbone, state, 'the judged network')
    backbone.load_state_dict(state)
