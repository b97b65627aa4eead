"""Benchmarks that train a classifier, on the frozen network or together with it."""

from copy import deepcopy
from functools import partial
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmpretrain.models import ResNet
from torch import Tensor

from mmbarlow.checkpoints import check_fits
from mmbarlow.config_files import explained
from mmbarlow.evaluation.labels_hook import LabelsHook
from mmbarlow.evaluation.training import normalization, train_and_evaluate
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_channels import check_image_channels, takes
from mmbarlow.models.image_size import channels_of
from mmbarlow.models.pooling import layout_of
from mmbarlow.registry import DATASETS, MODELS

# The benchmark decides these, whatever the config of the pretraining says.
BENCHMARKS_OWN = ('frozen_stages', 'norm_eval', 'init_cfg')


def train_classifier(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a benchmark that trains a classifier on a network; see `train_and_evaluate`.

    Args:
        encoder: the network to evaluate.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with an `mmpretrain.ImageClassifier` whose backbone stands for the
            evaluated one; see `replace_backbone`. Not changed.
    """
    cfg = deepcopy(cfg)
    state = encoder.backbone.state_dict()
    with explained('the benchmark'):
        replace_backbone(cfg, encoder_cfg)
        fit_head(cfg)
    return train_and_evaluate(cfg, state, partial(load_into_backbone, state), [LabelsHook()])


def replace_backbone(cfg: Config, encoder_cfg: dict) -> None:
    """Make the evaluated network the backbone of `cfg`, in place, without its weights.

    The benchmark's own `frozen_stages` is kept for a ResNet: in other networks the number has other
    meanings, and `mmbarlow.FrozenHook` freezes them. Its `norm_eval` and `out_indices` are kept
    where the network takes them, and where its backbone wraps another one (`mmbarlow.StemResNet`),
    the inner one is replaced. The images are normalized as in pretraining.
    """
    model = cfg.model
    wraps = 'backbone' in model.backbone
    asked = model.backbone.backbone if wraps else model.backbone
    backbone = {k: v for k, v in encoder_cfg['backbone'].items() if k not in BENCHMARKS_OWN}
    kind: Any = MODELS.get(backbone['type'])
    own = ('norm_eval', 'out_indices')
    backbone.update({k: asked[k] for k in own if k in asked and takes(kind, k)})
    if 'frozen_stages' in asked and isinstance(kind, type) and issubclass(kind, ResNet):
        stages = backbone.get('num_stages', asked.frozen_stages)
        backbone['frozen_stages'] = min(asked.frozen_stages, stages)
    elif 'frozen_stages' in asked:
        cfg.find_unused_parameters = True  # DDP waits for those that FrozenHook freezes later
    (model.backbone if wraps else model).backbone = ConfigDict(backbone)

    mean, std, swapped = normalization(encoder_cfg)
    model.data_preprocessor = ConfigDict(
        model.get('data_preprocessor', dict(type='mmpretrain.ClsDataPreprocessor')),
        mean=mean,
        std=std,
        to_rgb=swapped,
    )
    if (model.get('neck') or {}).get('type') == 'mmbarlow.Pooling' and 'pool' in encoder_cfg:
        model.neck.pool = encoder_cfg['pool']


@torch.no_grad()
def fit_head(cfg: Config) -> None:
    """Give the head the width of the features that backbone and neck make of a test image.

    That is `in_channels` for vectors, and `in_shapes` for several maps.

    Raises:
        InputError: the images have channels that the backbone does not take.
    """
    image = DATASETS.build(cfg.val_dataloader.dataset)[0]['inputs']
    backbone = MODELS.build(cfg.model.backbone)
    backbone.eval()  # mmpretrain's ResNet returns nothing from it
    own = channels_of(backbone)
    check_image_channels(image.shape[-3], own, None, cfg.model.backbone)
    features = backbone(torch.zeros(1, *image.shape))
    if neck := cfg.model.get('neck'):
        if neck.type == 'mmbarlow.Pooling':  # which sees the outputs alone
            known = layout_of(backbone)
            neck.update({k: v for k, v in known._asdict().items() if v})
        features = MODELS.build(neck)(features)
    if features[-1].ndim == 2:
        cfg.model.head.in_channels = features[-1].shape[1]
    else:
        cfg.model.head.in_shapes = [tuple(x.shape[1:]) for x in features]


def load_into_backbone(state: dict[str, Tensor], model: Any) -> None:
    """Raises InputError unless the tensors are those of the model's backbone, all of them."""
    backbone = getattr(model.backbone, 'backbone', model.backbone)  # inside mmbarlow.StemResNet
    check_fits(backbone, state, 'the evaluated network')
    backbone.load_state_dict(state)
