"""`mmbarlow pretrain` from its arguments to the backbone."""

import argparse
import os
import shlex
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.commands.pretrain import ABOUT
from mmbarlow.commands.pretrain_config import (
    Pretraining,
    config_parts,
    text_of,
    widths,
)
from mmbarlow.commands.pretrain_folder import CONFIG, config_to_go_on_with, written
from mmbarlow.commands.start_weights import weights_to_start_from
from mmbarlow.config import load_config
from mmbarlow.datasets.eight_bits import is_all_eight_bit
from mmbarlow.datasets.folder_facts import FolderFacts, look_at
from mmbarlow.datasets.labeled_split import LabeledSplit
from mmbarlow.datasets.value_facts import ValueFacts, measure_values
from mmbarlow.datasets.value_range import range_of, range_text
from mmbarlow.engine.bf16 import has_bf16
from mmbarlow.engine.choice_facts import Chosen, Facts
from mmbarlow.engine.choices import RULES, choose_settings, table
from mmbarlow.engine.online import BANK, QUERIES
from mmbarlow.engine.preflight import lars_without_bn
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.engine.probing import Trial, largest_that_fits
from mmbarlow.engine.work_dir import files_of_run
from mmbarlow.errors import InputError, printable
from mmbarlow.models.encoder_description import is_described
from mmbarlow.models.named_backbones import built_backbone, is_resnet, named_backbone
from mmbarlow.registry import DATASETS

VALIDATING = 0.15  # of --minutes, at most
AROUND = 6.0  # seconds between the plan and the first step, and after the last one


def start(args: argparse.Namespace) -> None:
    """Train, or go on.

    Raises:
        InputError: something about the folder, the options or the results' folder is wrong.
    """
    asked = {name: getattr(args, name) for name in (*ABOUT, *RULES)}
    asked = {name: value for name, value in asked.items() if value is not None}
    for name in ('folder', 'labeled', 'init'):
        if name in asked and (name != 'init' or os.path.exists(os.path.expanduser(asked[name]))):
            asked[name] = os.path.abspath(os.path.expanduser(asked[name]))
    own = os.path.basename(asked['folder']) or 'images'
    out = Path(args.out).expanduser() if args.out else Path('runs', own)
    known = config_to_go_on_with(out, asked, args.resume)
    if known:
        cfg = load_config(known, work_dir=str(out))
        goes_on = bool(files_of_run(out, known.stem))
        if goes_on:
            resume_from(cfg)
        print(f'{out} has this run already: it {"goes on" if goes_on else "starts anew"}.')
        cfg.track = args.track or cfg.get('track')
        _train(cfg, out)
        return
    facts = look_at(asked['folder'])
    print(_about(args.folder, facts))
    for note in facts.notes:
        print(f'  {note}')
    command = shlex.join(['mmbarlow', 'pretrain', args.folder, *_flags(args)])
    about, chosen = _plan(args, asked, facts, command)
    hidden = set() if is_resnet(chosen['backbone'].value) else {'stem'}
    print('\n'.join(table(chosen, hidden)))
    parts = config_parts(about, chosen, own, command)
    parts |= dict(track=args.track) if args.track else {}
    text = text_of(parts, asked, command, str(out))
    with written(out, text) as config:
        print(f'config: {config}', flush=True)
        _train(load_config(config, work_dir=str(out)), out)


def _plan(
    args: argparse.Namespace, asked: dict[str, Any], images: FolderFacts, command: str
) -> tuple[Pretraining, Chosen]:
    """All that is chosen, and what the training is about."""
    facts = replace(_machine(images), init='init' in asked)
    numbers, facts, asked = _numbers(asked, images, facts)
    chosen = choose_settings(facts, asked)
    _check_asked(chosen, facts)
    get = {name: choice.value for name, choice in chosen.items()}
    config = named_backbone(
        get['backbone'], get['image_size'], get['stem'], channels=get['channels']
    )
    network, channels = built_backbone(config, get['image_size'])
    if not is_described(config):
        print(f'  {config["type"]} is read back with its config: get_model(FILE, DIR/{CONFIG})')
    facts = replace(facts, batch_norm=any(isinstance(m, _BatchNorm) for m in network.modules()))
    if args.optimizer == 'lars' and (warning := lars_without_bn(network)):
        print(f'  {warning}')
    init = None
    if 'init' in asked:
        init, matched = weights_to_start_from(asked['init'], get['backbone'], network)
        print(f'  init          {matched}')
    labeled = asked.get('labeled')
    looked_at = _labeled_images(labeled) if labeled else 0
    data = asked['folder'], images.kind, images.images
    about = Pretraining(*data, config, channels, labeled, init, facts.gpu, numbers)
    about = about._replace(keep_best=asked.get('keep_best'))
    if facts.gpu and 'chunk_size' not in asked:
        trial = _trial(about, facts, asked, command)
        facts = replace(facts, fits=largest_that_fits(get['batch_size'], trial.step_of_noise))
        del trial
        torch.cuda.empty_cache()
    if args.minutes:
        pair = _trial(about, facts, asked, command).pair_seconds()
        left = 60 * args.minutes - (time.perf_counter() - args.started) - AROUND
        # A view without gradients is a sixth of a step on two; the probe takes as long again.
        each = looked_at * pair / 3
        times = min(10, max(1, int(VALIDATING * left / each))) if each else 0
        about = about._replace(validations=max(1, times))
        facts = replace(facts, pair_seconds=pair, seconds=left - times * each)
    return about, choose_settings(facts, asked)


def _numbers(
    asked: dict[str, Any], images: FolderFacts, facts: Facts
) -> tuple[ValueFacts | None, Facts, dict[str, Any]]:
    """What the numbers in the images are, measured unless they are of 8-bit gray or RGB, and facts
    and what was asked for with that."""
    channels, asked_range = asked.get('channels'), range_of(asked.get('range'))
    dataset = DATASETS.build(dict(type=images.kind, data_root=asked['folder'], quiet=True))
    if channels is None and asked_range is None and is_all_eight_bit(dataset):
        return None, facts, asked
    why = 'as the images have'
    numbers = measure_values(dataset, asked_range, channels)
    if 'init' in asked and channels is None and numbers.values and numbers.values.channels == 1:
        numbers = measure_values(dataset, asked_range, 3)
        why = 'gray as RGB, as weights to start from have it'
    values = numbers.values
    if values is None:
        return None, facts, asked
    shown = range_text(values).strip('()').replace(', ', ' to ')
    shown = 'by channel' if shown.startswith('[') else shown.strip("'")
    facts = replace(facts, channels=(values.channels, why), range=(shown, numbers.why))
    return numbers, facts, asked | (dict(range=shown) if 'range' in asked else {})


def _check_asked(chosen: Chosen, facts: Facts) -> None:
    """Raises InputError for values that make no training of these images."""
    batch = chosen['batch_size'].value
    images = chosen['epoch_images'].value or facts.images
    if batch < 2 or batch > min(images, facts.images):
        raise InputError(
            f'--batch-size {batch} makes no batch of {min(images, facts.images):,} images: give 2 '
            'or more, and not more than there are.'
        )
    if chosen['chunk_size'].value == 1:
        raise InputError('--chunk-size 1 leaves BN no statistics: give 2 or more.')
    if chosen['epochs'].value <= chosen['warmup'].value:
        raise InputError(
            f'--warmup {chosen["warmup"].value} leaves nothing of {chosen["epochs"].value} epochs: '
            'give less.'
        )
    widths(chosen['projector'].value)


def _machine(images: FolderFacts) -> Facts:
    gpu = torch.cuda.is_available()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    memory = 8 * 2.0**30  # where the system does not tell
    if gpu:
        memory = float(torch.cuda.get_device_properties(0).total_memory)
    elif hasattr(os, 'sysconf'):
        memory = float(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES'))
    bf16 = has_bf16('cuda' if gpu else 'cpu')
    return Facts(images.images, images.side, gpu, cores or 1, memory, bf16)


def _trial(about: Pretraining, facts: Facts, asked: dict[str, Any], command: str) -> Trial:
    cfg = Config(config_parts(about, choose_settings(facts, asked), '', command))
    return Trial(cfg, facts.cores)


def _labeled_images(source: str) -> int:
    """How many are looked at in each validation; raises InputError if they cannot be."""
    parts = [LabeledSplit(source, 'train', BANK), LabeledSplit(source, 'test', QUERIES)]
    classes = len(parts[0].metainfo['classes'])
    train, test = map(len, parts)
    print(f'  labeled: {train:,} training and {test:,} test images of {classes} classes')
    return train + test


def _train(cfg: Config, out: Path) -> None:
    begin = time.perf_counter()
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='mmbarlow.LiveBarHook')]
    try:
        backbone = pretrain(cfg, quiet=True)
    except BaseException:
        if sys.stdout.isatty():
            print()  # below the bar
        raise
    took = timedelta(seconds=round(time.perf_counter() - begin))
    for best in sorted(out.glob('best_*_encoder.pth')) if 'best' in cfg.default_hooks else ():
        print(f'best:     {best}, of the best checkpoint by {cfg.default_hooks.best.by}')
    place = shlex.quote(str(out))
    print(f'backbone: {backbone}, after {cfg.train_cfg.max_epochs} epochs in {took}')
    print(f'next:     mmbarlow evaluate {place} LABELED   what it is worth on labeled images')
    print(f'          mmbarlow report {place}             one page with all that the run has made')


def _flags(args: argparse.Namespace) -> list[str]:
    """The options that were given, as words."""
    given = {name: getattr(args, name) for name in ('out', *ABOUT[1:], *RULES)}
    pairs = [(name, value) for name, value in given.items() if value is not None]
    return [
        word
        for name, value in pairs
        for word in (
            f'--{name.replace("_", "-")}',
            f'{value:g}' if isinstance(value, float) else str(value),
        )
    ]


def _about(folder: str, facts: FolderFacts) -> str:
    small, middle, large = (
        f'{width} x {height}' for width, height in (facts.smallest, facts.median, facts.largest)
    )
    sizes = f'{middle} px' if small == large else f'{small} to {large} px, {middle} by median'
    return f'{printable(folder)}: {facts.images:,} images of {sizes}'
