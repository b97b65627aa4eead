"""Benchmarks that train: a classifier on a frozen network, or the network itself."""

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import get_world_size, init_dist, is_distributed
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmbarlow.checkpoints import check_fits, read_checkpoint
from mmbarlow.cli import explained
from mmbarlow.engine.benchmark_hook import BenchmarkHook
from mmbarlow.engine.labels_hook import LabelsHook
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import DATASETS, MODELS

# Choices of a benchmark, not of the network: those of the pretraining do not count.
BENCHMARKS_OWN = ('frozen_stages', 'norm_eval', 'init_cfg')
RECIPE = ('model', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness')


def train_benchmark(encoder: Encoder, encoder_cfg: dict, cfg: Config) -> dict[str, float]:
    """Run a training benchmark on a pretrained network.

    Resolved config, log and checkpoints go to `cfg.work_dir`; an interrupted benchmark goes on
    from the last checkpoint there, and a finished one is evaluated again.

    Args:
        encoder: the judged network.
        encoder_cfg: the config it was built with: `backbone`, `data_preprocessor`.
        cfg: a training config with an `mmpretrain.ImageClassifier` whose backbone stands for the
            judged one; see `put_in`. `train_dataloader.batch_size` is that of all processes
            together. Not changed. With a launcher: after `mmbarlow.cli.prepare_processes`.

    Returns:
        Metrics of the last epoch, in percent; `top1_best` is the highest `top1` of all epochs,
        which the official code prints.

    Raises:
        InputError: the network, the data and the config do not fit together, or the work dir is
            that of another benchmark.
    """
    cfg = deepcopy(cfg)
    state = encoder.backbone.state_dict()
    with explained('the benchmark'):
        put_in(encoder_cfg, cfg)
        fit_head(cfg)
    return run(cfg, state, partial(load_backbone, state), [LabelsHook()])


def run(
    cfg: Config,
    state: dict[str, Tensor],
    load: Callable[[nn.Module], None],
    hooks: Sequence[Hook] = (),
) -> dict[str, float]:
    """Train and evaluate what `cfg` describes, or go on with it, or evaluate it again.

    Args:
        cfg: with the judged network in its place. Changed.
        state: the tensors of the judged network.
        load: puts them into the model.
        hooks: of this kind of benchmark.

    Returns, raises: see `train_benchmark`.
    """
    key = fingerprint(state, cfg)
    checkpoint = last_checkpoint(cfg.work_dir, key)
    cfg.resume, cfg.load_from = checkpoint is not None, checkpoint
    cfg.experiment_name = str(Path(cfg.work_dir).resolve())  # MMEngine keeps a log for each name
    split_batch(cfg)
    hook = BenchmarkHook(load, key)
    with explained('the benchmark'):
        runner = Runner.from_cfg(cfg)
        _ = runner.train_loop, runner.val_loop  # properties that build
    for each in (hook, *hooks):
        runner.register_hook(each)
    runner.train()
    return hook.metrics


def load_backbone(state: dict[str, Tensor], model: Any) -> None:
    """Raises InputError unless the tensors are those of the model's backbone, all of them."""
    backbone = getattr(model.backbone, 'backbone', model.backbone)  # of mmbarlow.StemResNet
    check_fits(backbone, state, 'the judged network')
    backbone.load_state_dict(state)


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


def normalisation(encoder_cfg: dict) -> tuple[list[float] | None, list[float] | None, bool]:
    """Mean and deviation of the pretraining's images, in the network's own order of channels, and
    whether that is not R, G, B, in which the data sets have them."""
    images = encoder_cfg.get('data_preprocessor') or {}
    swapped = any(images.get(k) for k in ('to_rgb', 'bgr_to_rgb', 'rgb_to_bgr'))
    return images.get('mean'), images.get('std'), swapped


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


def split_batch(cfg: Config) -> None:
    """The published batch on any number of processes: the learning rate belongs to it."""
    if cfg.get('launcher', 'none') != 'none' and not is_distributed():
        init_dist(cfg.launcher, **cfg.get('env_cfg', {}).get('dist_cfg', {}))
    batch, processes = cfg.train_dataloader.batch_size, get_world_size()
    if batch % processes:
        raise InputError(
            f'a batch of {batch} cannot be split over {processes} processes: take a number of '
            'them that divides it.'
        )
    cfg.train_dataloader.batch_size = batch // processes


def fingerprint(state: dict[str, Tensor], cfg: Config) -> str:
    """SHA-256 of the network and of what decides its result, of the config."""
    recipe = {key: cfg.get(key) for key in RECIPE} | dict(batch=cfg.train_dataloader.batch_size)
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True, default=str).encode())
    for name, tensor in state.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def last_checkpoint(work_dir: str, key: str) -> str | None:
    """The checkpoint to go on from, once it has been read safely.

    MMEngine's own loading falls back to unpickling anything.
    """
    pointer = Path(work_dir) / 'last_checkpoint'
    if not pointer.is_file():
        return None
    path = pointer.parent / Path(pointer.read_text().strip()).name
    if read_checkpoint(path).get('benchmark', {}).get('key') != key:
        raise InputError(
            f'{path} is of another network, seed or recipe than this benchmark: remove '
            f'{work_dir}, or give another --work-dir.'
        )
    return str(path)
