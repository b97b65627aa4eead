"""What `make demo` runs: pretrain on digits, evaluate, print a table, draw three pictures.

Every step is a command that works on your own data too; the demo prints each before it runs it.
"""

import argparse
import contextlib
import functools
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import torch
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner, set_random_seed
from torch import Tensor

from mmbarlow import cli
from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config
from mmbarlow.engine.bf16 import has_bf16, wrapper_for
from mmbarlow.engine.last_checkpoint import latest_checkpoint
from mmbarlow.evaluation.features import dataset_features
from mmbarlow.loss import loss_floor
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS
from mmbarlow.visualization import draw_cross_correlation, draw_curve, draw_map
from mmbarlow.zoo import records
from mmbarlow.zoo.curve import read_curve
from mmbarlow.zoo.text_table import text_table, with_spread
from speed.measure.timing import medians

ROOT = Path(__file__).resolve().parents[1]
NAME = 'barlowtwins_resnet18-c16_1xb128-coslr-70e_digits'
CONFIG = f'configs/barlowtwins/{NAME}.py'
BENCHMARKS = ('knn_digits', 'fewlabel-knn_digits', 'linear_digits')
THREADS = min(4, os.cpu_count() or 1)  # of the training; everything else has one
TITLES = dict(pixels='raw pixels', untrained='untrained network', barlowtwins='Barlow Twins')


def main() -> None:
    parser = argparse.ArgumentParser(description='Barlow Twins on digits, from pixels to pictures.')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'))
    parser.add_argument('--seed', type=int, default=0, help='of the pretraining')
    parser.add_argument('--epochs', type=int, help='fewer, to see quickly that everything runs')
    args = parser.parse_args()

    seed, options = str(args.seed), [f'randomness.seed={args.seed}']
    if args.epochs:
        options += [f'train_cfg.max_epochs={args.epochs}', 'param_scheduler.warmup=0']
    amp = ['--amp'] * bf16_is_faster()
    train = ('train.py', CONFIG, *amp, '--force', '--work-dir', args.work_dir)  # also a second time
    backbone = args.work_dir / f'{NAME}_backbone.pth'
    benchmarks = ('--suite', *BENCHMARKS, '--work-dir', args.work_dir / 'evaluation', '--force')
    training = start(*train, '--cfg-options', *options, threads=THREADS)
    pixels = start('benchmark.py', 'pixels', *benchmarks)
    untrained = start('benchmark.py', 'untrained', '--config', CONFIG, '--seed', seed, *benchmarks)
    follow(training, THREADS)
    follow(pixels)
    follow(untrained)
    trained = start('benchmark.py', backbone, *benchmarks)
    with contextlib.redirect_stdout(io.StringIO()):  # hides what mmcv prints at its import
        draw(args.work_dir, args.seed)
    follow(trained)
    print_table(args.work_dir / 'evaluation' / 'records')
    pictures = ', '.join(sorted(path.name for path in args.work_dir.glob('*.png')))
    print(f'\npictures in {args.work_dir}: {pictures}')


def bf16_is_faster() -> bool:
    """Whether a training step takes less time with --amp here: some seconds of both, in turns."""
    if not has_bf16('cpu'):
        return False  # emulated, and slower by far
    steps = {}
    with contextlib.redirect_stdout(io.StringIO()):  # hides what mmcv prints at its import
        cfg = load_config(ROOT / CONFIG)
        batch = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
        for name, dtype in dict(fp32=torch.float32, bf16=torch.bfloat16).items():
            model = MODELS.build(cfg.model)
            wrapper = build_optim_wrapper(model, cfg.optim_wrapper | dict(type=wrapper_for(dtype)))
            steps[name] = functools.partial(model.train_step, batch, wrapper)
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    seconds = medians(steps, 5, repeats=2, warm_up=1)
    torch.set_num_threads(threads)
    fp32, bf16 = (1e3 * seconds[name] for name in steps)
    print(f'a step takes {fp32:.0f} ms in fp32 and {bf16:.0f} ms in bf16', flush=True)
    return bf16 < fp32


def start(name: str, *arguments: str | Path, threads: int = 1) -> subprocess.Popen[str]:
    """Start one of our tools as a user would."""
    return subprocess.Popen(
        [sys.executable, f'tools/{name}', *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | dict(OMP_NUM_THREADS=str(threads)),
    )


def follow(process: subprocess.Popen[str], threads: int = 1) -> None:
    """Show the command, and of its output the lines of epochs and results, not the environment and
    the config that MMEngine logs before them, until it ends."""
    assert isinstance(process.args, list)
    command = shlex.join(map(str, process.args[1:]))
    print(f'\n$ OMP_NUM_THREADS={threads} python {command}', flush=True)
    lines = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            if ' Epoch(' in line or line.startswith(BENCHMARKS):
                print(line.split(' - INFO - ')[-1], end='', flush=True)
    if process.returncode:
        sys.exit(''.join(lines[-20:]))


def draw(folder: Path, seed: int) -> None:
    """Draw the three pictures into `folder`."""
    cfg = load_config(ROOT / CONFIG)
    set_random_seed(seed)
    untrained = MODELS.build(cfg.model)
    untrained.init_weights()
    trained = MODELS.build(cfg.model)
    checkpoint = read_checkpoint(str(latest_checkpoint(str(folder))))
    trained.load_state_dict(checkpoint['state_dict'])

    alone = dict(num_workers=0, persistent_workers=False)  # to start others takes longer than this
    batches = [*Runner.build_dataloader(cfg.train_dataloader | alone, seed=seed)]
    before, after = (cross_correlation(model, batches) for model in (untrained, trained))
    draw_cross_correlation(before, after, folder / 'cross_correlation.png')

    head, batch_size = cfg.model.head, cfg.train_dataloader.batch_size
    floor = loss_floor(batch_size, head.in_channels, head.lambd)
    draw_curve(read_curve(folder), floor, folder / 'curve.png')

    images = Runner.build_dataloader(cfg.test_dataloader | alone, seed=seed)
    maps = {}
    for title, model in (('untrained network', untrained), ('Barlow Twins', trained)):
        maps[title], labels = dataset_features(model, images)
    draw_map(maps, labels, folder / 'features.png')


@torch.no_grad()
def cross_correlation(model: BarlowTwins, batches: list[dict]) -> Tensor:
    """The cross-correlation matrix of all views together, (D, D)."""
    model.eval()
    inputs = [model.data_preprocessor(batch)['inputs'] for batch in batches]
    views = [torch.cat(view) for view in zip(*inputs, strict=True)]
    return model.head.cross_correlation(*(model.neck(model.backbone(view)) for view in views))


def print_table(folder: Path) -> None:
    known = records.read_folder(folder)  # of an earlier version's demo, too
    own = [r for r in known if r.pretrain_config in (NAME, None)]
    found = {(r.model, r.task): r.metrics for r in own}
    rows = []
    for model, title in TITLES.items():
        knn, few, linear = (found[model, task] for task in ('knn', 'fewlabel_knn', 'linear'))
        few_text = with_spread(few['top1_mean'], few['top1_std'])
        rows.append([title, f'{knn["top1_k10"]:.1f}', few_text, f'{linear["top1"]:.1f}'])
    header = ['digits, 360 test images', 'kNN', 'kNN, 5 labels a class', 'linear']
    print(f'\n{text_table(header, rows)}')


if __name__ == '__main__':
    cli.run(main)
