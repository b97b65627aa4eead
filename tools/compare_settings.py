"""Whether what `mmbarlow pretrain` chooses is as good as what one would set by hand.

    python tools/compare_settings.py FOLDER LABELED --images 500 5000 --minutes 3 5
    python tools/compare_settings.py FOLDER LABELED --images 500 5000 --passes 150 30

FOLDER has the images, of which so many are drawn, and LABELED labels of others (as `mmbarlow
evaluate` takes them). The choice and five settings by hand train for the same time, or for as many
passes through the images (which other work on the machine cannot change), one after the other, and
kNN (k = 20) tells what each is worth. Results on 2 cores: docs/command.md.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from mmbarlow import cli, registered
from mmbarlow.benchmarks.labeled_task import LabeledTask, measure_frozen, task_size
from mmbarlow.benchmarks.network import read_network
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.engine.schedule_choices import ROUNDS
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically

BY_HAND = {
    'chosen': '',
    'batch 64, AdamW 0.001': '--batch-size 64 --optimizer adamw --lr 0.001',
    'batch 128, AdamW 0.002': '--batch-size 128 --optimizer adamw --lr 0.002',
    'batch 256, AdamW 0.001': '--batch-size 256 --optimizer adamw --lr 0.001',
    'batch 128, LARS': '--batch-size 128 --optimizer lars',
    'batch 64, LARS, 512-512, lambda 0.02': (
        '--batch-size 64 --optimizer lars --projector 512-512 --lambd 0.02'
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description='The choice against settings by hand.')
    parser.add_argument('folder', type=Path)
    parser.add_argument('labeled')
    parser.add_argument('--images', type=int, nargs='+', default=[500, 5000, 50000])
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument('--minutes', type=float, nargs='+', help='for each number of images')
    length.add_argument('--passes', type=float, nargs='+', help='for each number of images')
    parser.add_argument('--only', nargs='+', choices=BY_HAND, help='settings')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/compare_settings'))
    args = parser.parse_args()
    assert registered
    lengths = args.minutes or args.passes
    if len(args.images) != len(lengths):
        raise InputError('--images takes as many numbers as --minutes or --passes.')
    task = LabeledTask(args.labeled, 'labeled', 0)
    task = LabeledTask(args.labeled, 'labeled', task_size(task.read()))
    for images, length in zip(args.images, lengths, strict=True):
        folder = drawn(args.folder, images, args.out)
        budget = ['--minutes', str(length)] if args.minutes else passes(images, length)
        for name in args.only or BY_HAND:
            found = dict(images=images, budget=' '.join(budget), settings=name)
            found |= trained(folder, budget, BY_HAND[name].split(), args.out, task)
            print(json.dumps(found), flush=True)
            results = args.out / 'results.jsonl'
            before = results.read_text() if results.is_file() else ''
            write_atomically(results, f'{before}{json.dumps(found)}\n')


def drawn(folder: Path, count: int, out: Path) -> Path:
    """A folder with links to some of the images, the same ones every time."""
    images = ImageFolder(str(folder), quiet=True)
    paths = sorted(images.get_data_info(i)['img_path'] for i in range(len(images)))
    links = out / f'{count}_images'
    links.mkdir(parents=True, exist_ok=True)
    for i, path in enumerate(random.Random(0).sample(paths, count)):
        link = links / f'{i}{Path(path).suffix}'
        if not link.is_symlink():
            link.symlink_to(os.path.realpath(path))
    return links


def passes(images: int, count: float) -> list[str]:
    """Options for so many passes, in ten epochs at least, as `--minutes` has them."""
    if count >= ROUNDS:
        return ['--epochs', str(round(count))]
    return ['--epochs', str(ROUNDS), '--epoch-images', str(round(images * count / ROUNDS))]


def trained(
    folder: Path, budget: list[str], options: list[str], out: Path, task: LabeledTask
) -> dict:
    """What came of a training with these options."""
    run = out / f'{folder.name}_{"_".join(options).replace("-", "") or "chosen"}'
    command = [sys.executable, '-m', 'mmbarlow', 'pretrain', str(folder), '--out', str(run)]
    start = time.perf_counter()
    done = subprocess.run([*command, *budget, *options], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        return dict(seconds=round(seconds), fault=done.stderr.strip())
    network = read_network(str(run / 'pretrain_backbone.pth'))
    metrics = measure_frozen(network, task).metrics
    return dict(seconds=round(seconds), knn=metrics['knn'], linear=metrics['linear'])


if __name__ == '__main__':
    cli.run(main)
