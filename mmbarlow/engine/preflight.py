"""What would fail or mislead later, found before the first step."""

from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from mmbarlow.checkpoints import unwrap
from mmbarlow.config_files import explained
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.view_size import has_growing_views
from mmbarlow.engine.agreement import check_same_data
from mmbarlow.engine.generators import generator_states, set_generators
from mmbarlow.engine.lars import LARS
from mmbarlow.engine.schedule_checks import check_schedules
from mmbarlow.engine.terminal import batch_size
from mmbarlow.errors import InputError
from mmbarlow.launch import together
from mmbarlow.loss.distributed import rank, world_size
from mmbarlow.models.image_channels import check_image_channels
from mmbarlow.models.image_size import channels_of


def check_run(runner: Runner) -> None:
    """Check a run of this process and, with several, that all have the same; see `check_alone`."""
    check_same_data(runner)
    together(lambda: check_alone(runner))


def check_alone(runner: Runner) -> None:
    """Check a run whose loops and optimizer are built, before it trains.

    Raises:
        InputError: too few images for a step, a batch that BN or the loss cannot take, no epochs, a
            schedule that the training leaves no room for, a backend of logs that is not installed,
            or what `check_before_training` of a hook finds.
    """
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    unit, length = 'epochs' if by_epoch else 'iters', runner.max_iters
    length = runner.max_epochs if by_epoch else length
    if length < 1:
        raise InputError(f'train_cfg.max_{unit} is {length}: give 1 or more.')
    if runner.val_loop is not None:
        if runner.val_interval < 1:
            raise InputError(f'train_cfg.val_interval is {runner.val_interval}: give 1 or more.')
        if not len(runner.val_dataloader):
            raise InputError('the data of val_dataloader has no images.')
    check_batches(runner.train_dataloader, runner.model)
    if not by_epoch and has_growing_views(runner.train_dataloader.dataset):
        raise InputError(
            'views whose size changes with the epoch need a training that counts epochs, so that '
            'no batch has two sizes: set train_cfg.by_epoch=True, or give one size.'
        )
    check_schedules(runner, length, by_epoch)
    backends = runner.visualizer._vis_backends.values() if rank() == 0 else ()
    with explained('visualizer'):
        for backend in backends:
            _ = backend.experiment  # imports what it needs
    for hook in runner.hooks:
        if callable(check := getattr(hook, 'check_before_training', None)):
            check(runner)
    check_first_image(runner)


def check_first_image(runner: Runner) -> None:
    """Raises InputError if the first image has channels that the model, or one of its two
    modalities, does not take; the generators of random numbers stay as they are."""
    states = generator_states()
    sample: Any = runner.train_dataloader.dataset[SampleIndex(0, Key(runner.seed or 0, 0, 0))]
    set_generators(states)
    views = sample.get('inputs') if isinstance(sample, dict) else None
    views = list(views) if isinstance(views, list | tuple) else [views]
    model, config = unwrap(runner.model), runner.cfg.model
    parts = dict(getattr(model, 'modalities', {'': model}))
    each = max(1, len(views) // len(parts))
    for place, (name, part) in enumerate(parts.items()):
        backbone, own = getattr(part, 'backbone', None), config
        if name:
            own = config.modalities[name]
        for view in views[place * each : (place + 1) * each]:
            if isinstance(view, Tensor) and view.ndim == 3 and backbone is not None:
                check_image_channels(
                    view.shape[0],
                    channels_of(backbone),
                    getattr(part, 'data_preprocessor', None),
                    own.get('backbone') or {},
                    f'model.modalities.{name}' if name else 'model',
                )


def check_batches(loader: DataLoader, model: nn.Module) -> None:
    """Raises InputError if the images make no step, or a step of one image where BN needs two."""
    batch, images, own = batch_size(loader), len(loader.dataset), len(loader.sampler)  # pyright: ignore
    if not images:
        raise InputError('the training data has no images.')
    if batch is None or isinstance(loader.sampler, InfiniteSampler):
        return
    if not len(loader):
        own = images // world_size()
        share = f' are {own:,} on each of {world_size()} processes, which'
        raise InputError(
            f'{images:,} images{share * (world_size() > 1)} make no batch of {batch}: set '
            f'train_dataloader.batch_size to {own} or less, or take more images.'
        )
    model, last = unwrap(model), own % batch
    if batch == 1 and world_size() == 1 and hasattr(model, 'check_views'):
        raise InputError(
            'a batch of 1 has no correlations, so Barlow Twins has no loss: set '
            'train_dataloader.batch_size to at least 2 (hundreds are better) and drop_last.'
        )
    if not any(type(module) is nn.BatchNorm1d for module in model.modules()):
        return
    if batch == 1:
        raise InputError(
            'of a batch of 1 image on a process BN has no statistics: set '
            'train_dataloader.batch_size to 2 or more.'
        )
    if last == 1 and not loader.drop_last:
        raise InputError(
            f'{own:,} images in batches of {batch} leave a last batch of 1 image, of which BN has '
            'no statistics: set train_dataloader.drop_last=True.'
        )


def warn_of_lars(runner: Runner) -> None:
    """Log `lars_without_bn` where it is so."""
    uses_lars = isinstance(getattr(runner.optim_wrapper, 'optimizer', None), LARS)
    backbone = getattr(unwrap(runner.model), 'backbone', None)
    if uses_lars and backbone is not None and (warning := lars_without_bn(backbone)):
        runner.logger.warning(warning)


def lars_without_bn(backbone: nn.Module) -> str:
    """What there is to say about LARS with a backbone that has no BN; nothing with one that has.

    BN undoes the scale of the weights, which LARS ties its steps to; docs/vit.md has what others
    and we have measured.
    """
    if any(isinstance(module, _BatchNorm) for module in backbone.modules()):
        return ''
    return (
        f'LARS trains a {type(backbone).__name__}, which has no BN, and others report that it '
        'collapses on vision transformers: take AdamW, with lr 5e-4 for each 256 images and weight '
        'decay 0.05 (docs/vit.md).'
    )
