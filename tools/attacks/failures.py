"""Trainings that fail, each in a way that users do, and trainings that do not: small, on digits.

A training is a shipped config, `SMALL`, and changes of its own. 220 steps of 64 images, 16 px and
made into views as whole batches, take about 10 s of a core.
"""

from copy import deepcopy
from typing import Any, NamedTuple

from mmengine.config import Config

from mmbarlow.paths import CONFIGS

DIGITS = 'ablations/barlowtwins{}_resnet18_1xb128-coslr-20e_digits.py'
PLAIN = DIGITS.format('')
MIXED = 'mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
AMCL = 'amcl/amcl-barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
INK = dict(rotate=15, crop_scale=(0.3, 1.0), flip=0.0, saturation=0.0, hue=0.0, gray=0.0)
SMALL = dict(
    model=dict(
        backbone=dict(
            stem_channels=16,
            base_channels=16,
            num_stages=3,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=(2,),
        ),
        neck=dict(in_channels=64, hid_channels=256, out_channels=256),
        head=dict(in_channels=256),
        data_preprocessor=dict(
            _delete_=True,
            type='mmbarlow.BatchTwinViews',
            size=16,
            view_a=INK,
            view_b=INK,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
        ),
    ),
    train_cfg=dict(max_epochs=20, val_interval=100),
    param_scheduler=dict(warmup=1),
    train_dataloader=dict(
        batch_size=64,
        num_workers=0,
        persistent_workers=False,
        dataset=dict(
            indices=704,
            pipeline=[
                dict(type='mmbarlow.CenterView', size=16),
                dict(type='mmpretrain.PackInputs', meta_keys=('sample_idx',)),
            ],
        ),
    ),
    default_hooks=dict(
        spectrum=dict(interval=4),
        pixels=dict(images=0),
        checkpoint=dict(interval=-1, minutes=0, save_last=False),
    ),
)
VIT = dict(
    model=dict(
        backbone=dict(
            _delete_=True,
            type='mmpretrain.VisionTransformer',
            arch=dict(embed_dims=96, num_layers=3, num_heads=3, feedforward_channels=384),
            img_size=16,
            patch_size=4,
            out_type='avg_featmap',
        ),
        neck=dict(in_channels=96),
    ),
    optim_wrapper=dict(
        optimizer=dict(weight_decay=0.05, betas=(0.9, 0.95)), constructor='mmbarlow.NdimParamGroups'
    ),
)


def width(D: int) -> dict:
    neck = dict(hid_channels=D, out_channels=D)
    return dict(model=dict(neck=neck, head=dict(in_channels=D)))


def batch(N: int, steps: int = 11) -> dict:
    return dict(train_dataloader=dict(batch_size=N, dataset=dict(indices=N * steps)))


def optimizer(**optimizer: Any) -> dict:
    return dict(optim_wrapper=dict(optimizer=optimizer))


def lars(lr: float, bias_lr: float | None = None) -> dict:
    """LARS with a rate of their own for biases, or with one rate for all parameters."""
    wrapper = dict(
        _delete_=True,
        type='OptimWrapper',
        optimizer=dict(type='mmbarlow.LARS', lr=lr, momentum=0.9, weight_decay=1e-6),
    )
    if bias_lr is not None:
        wrapper |= dict(constructor='mmbarlow.NdimParamGroups', paramwise_cfg=dict(bias_lr=bias_lr))
    return dict(optim_wrapper=wrapper)


def sgd(lr: float) -> dict:
    kind = dict(type='SGD', lr=lr, momentum=0.9, weight_decay=5e-4)
    return dict(optim_wrapper=dict(_delete_=True, type='OptimWrapper', optimizer=kind))


def views(**view: Any) -> dict:
    """Both views with these changes to the defaults, in the place of the digits' own."""
    view = dict(INK, **view)
    return dict(model=dict(data_preprocessor=dict(view_a=view, view_b=view)))


def normalization(mean: float, std: float) -> dict:
    return dict(model=dict(data_preprocessor=dict(mean=[mean] * 3, std=[std] * 3)))


def head(**head: Any) -> dict:
    return dict(model=dict(head=head))


class Case(NamedTuple):
    """A training, and the rule that has to speak in it; none in a healthy one."""

    config: str
    changes: list[dict]
    rule: str = ''


FROZEN = dict(model=dict(backbone=dict(frozen_stages=3)))
ONE_VIEW = views(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), jitter=0.0, rotate=0)
BROKEN = {
    'rate 0': Case(PLAIN, [optimizer(lr=0.0)], 'nothing is trained'),
    'frozen': Case(PLAIN, [FROZEN], 'frozen backbone'),
    'views alike': Case(PLAIN, [ONE_VIEW], 'views alike'),
    'crops of 1 pixel': Case(PLAIN, [views(crop_scale=(0.002, 0.004))], 'loss above D'),
    'rate 1e-7': Case(PLAIN, [optimizer(lr=1e-7)], 'loss above D'),
    'redundancy term only': Case(DIGITS.format('-redundancy-only'), [], 'loss above D'),
    'lambda 10': Case(PLAIN, [head(lambd=10.0)], 'loss above D'),
    'batch 4, width 512': Case(PLAIN, [batch(4), width(512)], 'batch too small'),
    'batch 8, width 1024': Case(PLAIN, [batch(8), width(1024)], 'batch too small'),
    'lambda 0': Case(PLAIN, [head(lambd=0.0)], 'rank collapse'),
    'lambda 1e-5': Case(PLAIN, [head(lambd=1e-5)], 'rank collapse'),
    'weight decay 50': Case(PLAIN, [optimizer(weight_decay=50.0)], 'weights shrink'),
    'LARS, one rate 1.6': Case(PLAIN, [lars(1.6)], 'biases too fast'),
    'LARS, one rate 0.2': Case(PLAIN, [lars(0.2)], 'biases too fast'),
    'LARS, biases of 8 GPUs': Case(PLAIN, [lars(1.6, 0.0384)], 'biases too fast'),
    'no BN, SGD 3': Case(DIGITS.format('-no-bn'), [sgd(3.0)], 'collapse'),
    'weight decay 500': Case(PLAIN, [optimizer(weight_decay=500.0)], 'dead dimensions'),
    'black images': Case(PLAIN, [normalization(120.0, 58000.0)], 'inputs vanish'),
    'black images, ViT': Case(PLAIN, [VIT, normalization(120.0, 58000.0)], 'inputs vanish'),
    'not normalized': Case(PLAIN, [normalization(0.45, 0.225)], 'inputs too large'),
    'not normalized, ViT': Case(PLAIN, [VIT, normalization(0.45, 0.225)], 'inputs too large'),
}
HEALTHY = {
    'barlowtwins': Case(PLAIN, []),
    'mixed': Case(MIXED, []),
    'AMCL': Case(AMCL, [head(temperature=dict(batch_size=64))]),
    'bf16': Case(PLAIN, [dict(optim_wrapper=dict(type='mmbarlow.BF16OptimWrapper'))]),
    'LARS': Case(PLAIN, [lars(0.8, 0.0003)]),
    'LARS, rate 0.2': Case(PLAIN, [lars(0.2, 0.0003)]),
    'SGD': Case(PLAIN, [sgd(0.001)]),
    'SGD 0.06': Case(PLAIN, [sgd(0.06)]),
    'ViT': Case(PLAIN, [VIT]),
    'width 16': Case(PLAIN, [width(16)]),
    'width 64': Case(PLAIN, [width(64)]),
    'width 1024': Case(PLAIN, [width(1024)]),
    'batch 16': Case(PLAIN, [batch(16)]),
    'batch 32': Case(PLAIN, [batch(32)]),
    'batch 128': Case(PLAIN, [batch(128)]),
    'batch 256': Case(PLAIN, [batch(256, 5), dict(train_cfg=dict(max_epochs=40))]),
    'lambda 0.1': Case(PLAIN, [head(lambd=0.1)]),
    'lambda 0.002': Case(PLAIN, [head(lambd=0.002)]),
    'cross-entropy': Case(DIGITS.format('-cross-entropy'), []),
    'no BN': Case(DIGITS.format('-no-bn'), []),
    'no normalization': Case(DIGITS.format('-no-bn-no-norm'), []),
    'predictor': Case(DIGITS.format('-predictor'), []),
    'stop-gradient': Case(DIGITS.format('-stop-gradient'), []),
    'depth 1': Case(DIGITS.format('-depth-1'), []),
    'depth 4': Case(DIGITS.format('-depth-4'), []),
    'crops alone': Case(PLAIN, [views(crop_scale=(0.3, 1.0), jitter=0.0)]),
    'rate 3e-4': Case(PLAIN, [optimizer(lr=3e-4)]),
    'rate 3e-3': Case(PLAIN, [optimizer(lr=3e-3)]),
}
# The first steps of shipped recipes, on photographs, healthy all of them.
STEM7 = dict(
    model=dict(
        backbone=dict(
            _delete_=True,
            type='mmpretrain.ResNet',
            depth=18,
            norm_cfg=dict(type='BN'),
            out_indices=(3,),
        )
    )
)
C32 = 'resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py'
RECIPES = {
    'CIFAR-10': Case(f'ablations/barlowtwins_{C32}', []),
    'CIFAR-10, crops alone': Case(f'ablations/barlowtwins-crop_{C32}', []),
    'CIFAR-10, mixed': Case(f'mixed_barlowtwins/mixed-barlowtwins_{C32}', []),
    'CIFAR-10, ViT': Case('barlowtwins/barlowtwins_vit-192x6-p8_1xb256-coslr-5e_cifar10.py', []),
    'CIFAR-10, 4 views': Case(
        'barlowtwins/barlowtwins-4views_resnet18-stem7_1xb256-coslr-3e_cifar10.py', []
    ),
    'CIFAR-10, multi-crop': Case(
        'barlowtwins/barlowtwins-multicrop_resnet18-stem7_1xb256-coslr-4e_cifar10.py', []
    ),
    'CIFAR-10, SGD': Case(
        'barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10_folders.py', [STEM7]
    ),
    'CIFAR-10, AMCL': Case('amcl/amcl-barlowtwins_resnet18_1xb128-coslr-200e_cifar10.py', [STEM7]),
}
STEPS = 160  # of a recipe
START = dict(
    train_dataloader=dict(num_workers=0, persistent_workers=False),
    default_hooks=dict(spectrum=dict(interval=10)),
)


def config_of(name: str, file: str, cifar10: str) -> Config:
    """The config of a training that writes what it measures to `file`."""
    case = (BROKEN | HEALTHY | RECIPES)[name]
    cfg = Config.fromfile(CONFIGS / case.config)
    for change in (START if name in RECIPES else SMALL, *case.changes):
        cfg.merge_from_dict(deepcopy(change))  # which takes `_delete_` out of what it merges
    writer: dict[str, Any] = dict(type='mmbarlow.SignsWriter', file=file)
    if name in RECIPES:
        pipeline = cfg.train_dataloader.dataset.pipeline
        cfg.train_dataloader.dataset = dict(
            type='mmbarlow.ClassFolders', data_root=cifar10, data_prefix='train', pipeline=pipeline
        )
        writer['steps'] = STEPS
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), writer]
    cfg.default_hooks.pop('export')
    for key in ('val_cfg', 'val_dataloader', 'val_evaluator'):
        cfg[key] = None
    return cfg
