"""The config that `mmbarlow pretrain` writes: short, complete, and to be changed by hand."""

import shlex
from typing import Any, NamedTuple

import torch

from mmbarlow.datasets.value_facts import ValueFacts
from mmbarlow.datasets.values import Values
from mmbarlow.engine.bf16 import wrapper_for
from mmbarlow.engine.choice_facts import Chosen
from mmbarlow.engine.online import labeled_validation
from mmbarlow.engine.schedule_choices import bias_share, steps_of_epoch
from mmbarlow.errors import InputError, printable

LINE = 100  # characters
VIEWS = dict(
    paper=(dict(blur=1.0), dict(blur=0.1, solarize=0.2)),
    small=(dict(interpolation='bilinear'), dict(interpolation='bilinear', solarize=0.2)),
)
DTYPES = dict(fp32=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]  # ImageNet's, RGB
LEAST_STD = 1.0  # of a channel that is nearly constant, whose noise nothing shall be made of
LOOKS = 20  # at checkpoints, of which the best is kept


class Pretraining(NamedTuple):
    """What a training is about.

    source: the folder of images, as an absolute path; kind: its data set, as configs name it.
    images: their number.
    backbone: its config; channels: C of its representations.
    numbers: of the images, where they are not read as 8-bit RGB.
    labeled: labeled images, as an absolute path; init: a file of weights.
    gpu: whether there is one.
    validations: how often the labeled images are looked at in all.
    keep_best: the criterion by which the best checkpoint is kept, too.
    """

    source: str
    kind: str
    images: int
    backbone: dict[str, Any]
    channels: int
    labeled: str | None
    init: str | None
    gpu: bool
    numbers: ValueFacts | None = None
    validations: int = 10
    keep_best: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """`channels` and `range` of the images, as transforms take them."""
        values = self.numbers and self.numbers.values
        return dict(channels=values.channels, range=written_range(values)) if values else {}


def config_parts(about: Pretraining, chosen: Chosen, name: str, command: str) -> dict[str, Any]:
    """The parts of the config by their keys, but for what its base has.

    Args:
        name: of the data set, for the record.
        command: for the record.
    """
    get = {key: choice.value for key, choice in chosen.items()}
    parts: dict[str, Any] = dict(data_root=about.source)
    parts['model'] = _model(about, get)
    parts['train_dataloader'] = _images(about, get)
    parts |= _schedule(get)
    if about.labeled:
        parts |= _validation(about.labeled, about.options, about.validations, get)
    if about.init:
        parts['load_from'] = about.init
    scale = f'{get["epochs"]} epochs of {get["epoch_images"] or about.images} images'
    parts['default_hooks'] = dict(
        logger=dict(interval=min(50, steps_of_epoch(about.images, chosen))),
        checkpoint=dict(interval=-1, minutes=5),
        broken_images=dict(max_share=0.1),
        export=dict(
            dataset=name,
            model='barlowtwins',
            command=command,
            scale=f'{scale}, with the settings of mmbarlow pretrain',
        ),
    )
    if about.keep_best:
        parts['default_hooks']['best'] = dict(
            type='mmbarlow.BestCheckpointHook',
            by=about.keep_best,
            interval=max(1, get['epochs'] // LOOKS),
        )
    return parts


def text_of(parts: dict[str, Any], asked: dict[str, Any], command: str, out: str) -> str:
    """The config file; `asked` is what a later start is compared with."""
    command = printable(command).replace('\\', '\\\\').replace('"', '\\"')
    place = printable(shlex.quote(out)).replace('\\', '\\\\').replace('"', '\\"')
    lines = [
        '"""Barlow Twins, as this command has chosen it; it also goes on after an interruption:',
        '',
        f'    {command}',
        '',
        'For full control, change what you like here, and train with',
        '',
        f'    python tools/train.py {place}/pretrain.py --work-dir ANOTHER',
        '"""',
        '',
        "_base_ = 'mmbarlow::_base_/pretrain_runtime.py'",
        '',
    ]
    for key, value in dict(asked=asked, **parts).items():
        lines.append(f'{key} = {_written(value, 0, len(key) + 3)}')
        lines += [''] if key == 'data_root' else []
    return '\n'.join(lines) + '\n'


def _model(about: Pretraining, get: dict[str, Any]) -> dict[str, Any]:
    *hidden, width = widths(get['projector'])
    return dict(
        type='mmbarlow.BarlowTwins',
        channels_last=True,
        **(dict(chunk_size=get['chunk_size']) if get['chunk_size'] else {}),
        data_preprocessor=_preprocessor(about.numbers),
        backbone=about.backbone,
        neck=dict(
            type='mmbarlow.BarlowTwinsNeck',
            in_channels=about.channels,
            hid_channels=hidden[0] if hidden else width,
            out_channels=width,
            num_layers=len(hidden) + 1,
        ),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=width, lambd=get['lambd']),
    )


def _preprocessor(numbers: ValueFacts | None) -> dict[str, Any]:
    """ImageNet's mean and deviation for 8-bit RGB, those that were measured for others."""
    kind, mean, std = 'mmpretrain.SelfSupDataPreprocessor', MEAN, STD
    if numbers and numbers.values:
        kind = 'mmbarlow.ChannelsPreprocessor'
        mean, std = ([round(x, 3) for x in part] for part in (numbers.mean, numbers.std))
        std = [max(x, LEAST_STD) for x in std]
    return dict(type=kind, mean=mean, std=std, non_blocking=True)


def written_range(values: Values) -> Any:
    """The option `range` of values, with whole numbers as such and one pair where all are equal."""
    if isinstance(values.range, str):
        return values.range
    pairs = [tuple(int(x) if x.is_integer() else x for x in pair) for pair in values.range]
    return pairs[0] if len(set(pairs)) == 1 else pairs


def widths(projector: str) -> list[int]:
    """Of '2048-2048-512': [2048, 2048, 512].

    Raises:
        InputError: it is no such text, or hidden layers differ.
    """
    parts = projector.split('-')
    if not all(part.isdigit() and int(part) > 1 for part in parts) or len({*parts[:-1]}) > 1:
        raise InputError(
            f'--projector {printable(projector)} must be widths of layers such as 2048-2048-512, '
            'in which all but the last are equal.'
        )
    return [int(part) for part in parts]


def _images(about: Pretraining, get: dict[str, Any]) -> dict[str, Any]:
    view_a, view_b = VIEWS[get['views']]
    sampler = dict(images=get['epoch_images']) if get['epoch_images'] else {}
    size = get['image_size']
    views = dict(type='mmbarlow.TwinViews', size=size, view_a=view_a, view_b=view_b)
    views |= about.options
    return dict(
        batch_size=get['batch_size'],
        **_workers(get, about.gpu),
        drop_last=True,
        sampler=dict(type='mmbarlow.ViewSampler', **sampler),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type=about.kind,
            data_root=about.source,
            pipeline=[views, dict(type='mmpretrain.PackInputs', meta_keys=('skipped',))],
        ),
    )


def _workers(get: dict[str, Any], pinned: bool = False) -> dict[str, Any]:
    number = get['workers']
    return dict(num_workers=number, persistent_workers=number > 0, pin_memory=pinned)


def _schedule(get: dict[str, Any]) -> dict[str, Any]:
    optimizer: dict[str, Any] = dict(type='AdamW', lr=get['lr'], weight_decay=get['weight_decay'])
    bias_lr = get['lr']
    if get['optimizer'] == 'lars':
        optimizer |= dict(type='mmbarlow.LARS', momentum=0.9)
        bias_lr *= bias_share()
    epochs = dict(by_epoch=True, max_epochs=get['epochs'])
    return dict(
        optim_wrapper=dict(
            type=wrapper_for(DTYPES[get['precision']]),
            optimizer=optimizer,
            constructor='mmbarlow.NdimParamGroups',  # no weight decay for biases and norms
            paramwise_cfg=dict(bias_lr=bias_lr),
        ),
        param_scheduler=dict(
            type='mmbarlow.WarmupCosineLR', warmup=get['warmup'], convert_to_iter_based=True
        ),
        train_cfg=epochs,
        randomness=dict(seed=get['seed']),
    )


def _validation(
    labeled: str, images: dict[str, Any], times: int, get: dict[str, Any]
) -> dict[str, Any]:
    """kNN and a linear probe on the labeled images, so many times while the network is trained."""
    epochs = get['epochs']
    return dict(
        **labeled_validation(labeled, get['image_size'], images, _workers(get)),
        val_evaluator=[dict(type='mmbarlow.KNN', k=[10]), dict(type='mmbarlow.LinearProbe')],
        train_cfg=dict(by_epoch=True, max_epochs=epochs, val_interval=max(1, -(-epochs // times))),
    )


def _written(value: Any, indent: int, before: int) -> str:
    """A value as Python, on lines of up to `LINE` characters, of which `before` are taken."""
    if isinstance(value, dict):
        entries = [f'{key}={{}}' for key in value]
        opening, closing, values = 'dict(', ')', list(value.values())
    elif isinstance(value, list):
        entries, opening, closing, values = ['{}'] * len(value), '[', ']', value
    else:
        return repr(value)
    flat = ', '.join(
        entry.replace('{}', _written(v, 0, -(10**6)), 1)
        for entry, v in zip(entries, values, strict=True)
    )
    if before + len(opening + flat + closing) < LINE:
        return opening + flat + closing
    inner = ' ' * (indent + 4)
    lines = [
        f'{inner}{entry.replace("{}", _written(v, indent + 4, indent + 4 + len(entry)), 1)},\n'
        for entry, v in zip(entries, values, strict=True)
    ]
    return f'{opening}\n{"".join(lines)}{" " * indent}{closing}'
