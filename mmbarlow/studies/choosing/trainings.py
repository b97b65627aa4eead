"""The training runs of the study: good ones, bad ones and collapsing ones.

All are children of two small recipes, so that forty of them take two cores less than an hour.
"""

from dataclasses import dataclass, field
from typing import Any

from mmengine.config import Config

from mmbarlow.config import load_config
from mmbarlow.studies.catalogue import config_path

DIGITS = 'barlowtwins{}_resnet18_1xb128-coslr-20e_digits'
CIFAR10 = 'barlowtwins{}_resnet18-stem7-c32_1xb256-coslr-6e_cifar10'
CHECKPOINTS = 8  # of a run, equally far apart
PER_EPOCH = 5120  # images of CIFAR-10: a shorter epoch, drawn anew each time


@dataclass(frozen=True)
class Training:
    """One run of the study.

    name: of its records, and what tables call it.
    varies: what of the recipe is changed.
    """

    name: str
    dataset: str
    varies: str
    config: str
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    def cfg(self, work_dir: str, cifar10: str) -> Config:
        """Its config; `cifar10` is the folder with train/ and test/ of that data set."""
        options = {'randomness.seed': self.seed, 'model.channels_last': True}
        # One process: the other core has a run of its own.
        options |= {'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False}
        options |= {'train_cfg.val_begin': 10**6}  # what is measured, is so at the checkpoints
        if self.dataset == 'cifar10':
            options |= {'data_root': cifar10, 'train_cfg.max_epochs': CHECKPOINTS}
            options |= {'train_dataloader.sampler.images': PER_EPOCH}
            options |= {'val_cfg.bank_dataloader.dataset.indices': list(range(0, 50000, 10))}
            options |= {'val_dataloader.dataset.indices': list(range(0, 10000, 2))}
            options |= {'val_dataloader.num_workers': 0, 'val_cfg.bank_dataloader.num_workers': 0}
        cfg = load_config(config_path(self.config), options | self.options, work_dir)
        del cfg.default_hooks.export
        return cfg


RATE, DECAY = 'optim_wrapper.optimizer.lr', 'optim_wrapper.optimizer.weight_decay'
EPOCHS, LAMBDA = 'train_cfg.max_epochs', 'model.head.lambd'
CONSTANT = {'param_scheduler.eta_min_ratio': 1.0}
LOSSES = ('no-bn', 'no-bn-no-norm', 'feature-norm', 'cross-entropy', 'stop-gradient', 'predictor')


def _digits(
    name: str, varies: str, variant: str = '', options: dict | None = None, seed: int = 0
) -> Training:
    return Training(name, 'digits', varies, DIGITS.format(variant), options or {}, seed)


def _cifar10(
    name: str, varies: str, variant: str = '', options: dict | None = None, seed: int = 0
) -> Training:
    name, config = f'cifar10-{name}', CIFAR10.format(variant)
    return Training(name, 'cifar10', varies, config, options or {}, seed)


def _views(**view: Any) -> dict[str, Any]:
    """Changes to both views of digits."""
    pipeline = 'train_dataloader.dataset.pipeline.0.view_'
    return {f'{pipeline}{v}.{key}': value for v in 'ab' for key, value in view.items()}


def _width(width: int) -> dict[str, Any]:
    keys = ('neck.hid_channels', 'neck.out_channels', 'head.in_channels')
    return {f'model.{key}': width for key in keys}


def trainings() -> list[Training]:
    """All runs; whatever part of them is there, both data sets are in it."""
    digits, cifar10 = _on_digits(), _on_cifar10()
    step = len(digits) // len(cifar10)
    mixed = []
    for number, training in enumerate(cifar10):
        last = None if number == len(cifar10) - 1 else (number + 1) * step
        mixed += [training, *digits[number * step : last]]
    return mixed


def _on_digits() -> list[Training]:
    return [
        *(_digits(f'recipe-{seed}', 'seed', seed=seed) for seed in range(4)),
        _digits('invariance-only-0', 'loss', '-invariance-only'),
        _digits('redundancy-only-0', 'loss', '-redundancy-only'),
        _digits('rate-0.01', 'learning rate', options={RATE: 1e-2}),
        _digits('views-small-crops', 'views', options=_views(crop_scale=(0.05, 0.3))),
        _digits('width-16', 'width', '-width-16'),
        _digits('lambda-0.1', 'lambda', '-lambda-100e-3'),
        _digits('40-epochs-constant-rate', 'length', options={EPOCHS: 40} | CONSTANT),
        *(_digits(loss, 'loss', f'-{loss}') for loss in LOSSES),
        _digits('stop-gradient-predictor', 'loss', '-stop-gradient-predictor'),
        _digits('invariance-only-1', 'loss', '-invariance-only', seed=1),
        _digits('redundancy-only-1', 'loss', '-redundancy-only', seed=1),
        _digits('lambda-0.0005', 'lambda', options={LAMBDA: 0.0005}),
        _digits('lambda-0.02', 'lambda', '-lambda-20e-3'),
        _digits('lambda-1', 'lambda', options={LAMBDA: 1.0}),
        _digits('width-64', 'width', '-width-64'),
        _digits('width-1024', 'width', '-width-1024'),
        _digits('depth-1', 'depth', '-depth-1'),
        _digits('rate-0.00003', 'learning rate', options={RATE: 3e-5}),
        _digits('rate-0.003', 'learning rate', options={RATE: 3e-3}),
        _digits('rate-0.03', 'learning rate', options={RATE: 3e-2}),
        _digits('constant-rate-0.001', 'learning rate', options=CONSTANT),
        _digits('constant-rate-0.003', 'learning rate', options=CONSTANT | {RATE: 3e-3}),
        _digits('decay-1', 'weight decay', options={DECAY: 1.0}),
        _digits('decay-10', 'weight decay', options={DECAY: 10.0}),
        _digits('views-whole', 'views', options=_views(crop_scale=(0.9, 1.0), rotate=0)),
        _digits('views-upside-down', 'views', options=_views(rotate=180)),
        _digits('views-mirrored', 'views', options=_views(flip=0.5)),
        _digits('batch-32', 'batch', options={'train_dataloader.batch_size': 32}),
        _digits('8-epochs', 'length', options={EPOCHS: 8}),
        _digits('40-epochs', 'length', options={EPOCHS: 40}),
    ]


def _on_cifar10() -> list[Training]:
    return [
        _cifar10('recipe-0', 'seed'),
        _cifar10('rate-0.01', 'learning rate', options={RATE: 1e-2}),
        _cifar10('crop', 'views', '-crop'),
        _cifar10('redundancy-only', 'loss', options={'model.head.type': 'mmbarlow.RedundancyHead'}),
        _cifar10('invariance-only', 'loss', options={LAMBDA: 0.0}),
        _cifar10('lambda-0.1', 'lambda', options={LAMBDA: 0.1}),
        _cifar10('width-64', 'width', options=_width(64)),
        _cifar10('no-gray-no-jitter', 'views', '-no-gray-no-jitter'),
        _cifar10('recipe-1', 'seed', seed=1),
    ]
