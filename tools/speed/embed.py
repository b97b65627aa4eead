"""What `mmbarlow embed` adds to bare passes of the network, and how its memory grows.

    python tools/speed/embed.py FOLDER
    python tools/speed/embed.py FOLDER --parts memory --images 500 5000 --size 64

FOLDER has real images, which are repeated as often as need be. The rate is that of a ResNet, with
the same loader for both, which take turns; the memory is the peak of the command in a process of
its own (the largest of it and its workers). Results on 2 cores: docs/command.md.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from measure import report
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.checkpoints import export_backbone
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_sources import ImageList
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.errors import InputError
from mmbarlow.evaluation.embedding import center_loader, embed_images
from mmbarlow.evaluation.feature_store import WORDS, FeatureStore
from mmbarlow.models.encoder import Encoder


def main() -> None:
    parser = argparse.ArgumentParser(description='What `mmbarlow embed` adds to bare passes.')
    parser.add_argument('folder', help='of images')
    parser.add_argument('--parts', nargs='+', choices=list(PARTS), default=list(PARTS))
    parser.add_argument('--depth', type=int, default=18, help='of the ResNet')
    parser.add_argument('--size', type=int, default=224)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--passes', type=int, default=640, help='images in a turn of the rate')
    parser.add_argument('--rounds', type=int, default=5, help='of the rate')
    parser.add_argument('--images', nargs=2, type=int, default=[500, 5000], help='of the memory')
    parser.add_argument('--json', type=Path, help='file for the numbers')
    args = parser.parse_args()
    record = {}
    for part in args.parts:
        record[part] = PARTS[part](args)
        print(part, *(f'  {k:<24}{v:>12,.3f}' for k, v in record[part].items()), sep='\n')
    if args.json:
        report.write(args.json, 'cpu', cores=os.cpu_count(), **record)


def repeated(folder: str, count: int) -> list[str]:
    images = ImageFolder(folder, quiet=True)
    paths = (os.path.abspath(images.get_data_info(i)['img_path']) for i in range(len(images)))
    return list(itertools.islice(itertools.cycle(list(paths)), count))


def network(depth: int) -> tuple[Encoder, dict]:
    preprocessor = dict(
        type='mmpretrain.SelfSupDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=False,
    )
    parts: dict = dict(
        backbone=dict(type='mmpretrain.ResNet', depth=depth), data_preprocessor=preprocessor
    )
    return Encoder(**parts).eval(), parts


def rate(args: argparse.Namespace) -> dict[str, float]:
    """Images a second of both, and how many percent more time embedding takes."""
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = network(args.depth)[0]
    model.to(device)
    images = ImageList(repeated(args.folder, args.passes))
    view = CenterView(args.size, round(args.size * 8 / 7))
    loader = center_loader(images, view, args.batch_size, args.workers)

    @torch.no_grad()
    def bare() -> None:
        for batch, *_ in loader:
            model(model.data_preprocessor(dict(inputs=batch, data_samples=None))['inputs']).cpu()

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            about = dict(dict.fromkeys(WORDS, ''), dtype='float32')
            with FeatureStore(Path(folder, 'f.partial'), about) as store:
                embed_images(model, loader, store)
                store.complete()

    seconds = medians(dict(bare=bare, ours=ours), args.rounds, device, warm_up=1)
    return dict(
        bare_images_s=args.passes / seconds['bare'],
        images_s=args.passes / seconds['ours'],
        percent_more_time=100 * (seconds['ours'] / seconds['bare'] - 1),
    )


def memory(args: argparse.Namespace) -> dict[str, float]:
    """Peaks of the command in megabytes for two numbers of images, and their ratio."""
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, parts = network(args.depth)
        export_backbone(model.backbone, dict(encoder=json.dumps(parts)), folder / 'b.pth')
        for count in args.images:
            (folder / 'images.txt').write_text('\n'.join(repeated(args.folder, count)))
            command = [sys.executable, '-m', 'mmbarlow', 'embed', 'b.pth', 'images.txt']
            options = dict(out=f'{count}.npy', size=args.size, workers=args.workers)
            options['batch-size'] = args.batch_size
            command += [f'--{key}={value}' for key, value in options.items()]
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = status
            if status:
                raise InputError(f'the command failed: {" ".join(command)}')
            peaks.append(used.ru_maxrss * 1024 / 1e6)
    few, many = args.images
    return {f'mb_{few}': peaks[0], f'mb_{many}': peaks[1], 'ratio': peaks[1] / peaks[0]}


PARTS = dict(rate=rate, memory=memory)

if __name__ == '__main__':
    cli.run(main)
