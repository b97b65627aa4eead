"""How fast views are made: against mmpretrain, the official code, and decoding alone.

    python tools/speed/views.py FOLDER
    python tools/speed/views.py FOLDER --parts workers memory --json work_dirs/views.json

FOLDER has JPEG files, nested or not. Times count what one core computes, without waiting, and are
medians over rounds in which all pipelines have their turn on the same files. Each pipeline reads
the file, makes two views of 224 pixels and packs them for its training. Results: docs/views.md.
"""

import argparse
import functools
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import tifffile
import torch
from mmcv.transforms import Compose
from mmengine.dataset import BaseDataset, default_collate
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmpretrain import registry as mmpretrain
from PIL import Image
from torch.utils.data import DataLoader

from measure import official, report
from measure.memory import bytes_of
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.datasets.sample_random import ViewSampler
from mmbarlow.errors import InputError
from mmbarlow.registry import TRANSFORMS

SIZE = 224
OFFICIAL = dict(size=SIZE, view_a=dict(blur=1.0), view_b=dict(blur=0.1, solarize=0.2))
MMPRETRAIN = 'mmpretrain::_base_/datasets/imagenet_bs32_byol.py'


def main() -> None:
    parser = argparse.ArgumentParser(description='How fast views are made.')
    parser.add_argument('folder', type=Path, help='JPEG files, nested or not')
    parser.add_argument('--parts', nargs='+', choices=list(PARTS), default=list(PARTS))
    parser.add_argument('--images', type=int, default=100, help='files, evenly spread')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--sides', nargs='+', type=int, default=[500, 1000, 2000], metavar='PIXELS')
    parser.add_argument('--passes', type=int, default=20_000, help='images of `memory`')
    parser.add_argument('--listed', type=int, default=1_281_167, help='images of `paths`')
    parser.add_argument('--json', type=Path, help='file for the numbers')
    args = parser.parse_args()
    files = sorted(p for p in args.folder.rglob('*') if p.suffix.lower() in ('.jpg', '.jpeg'))
    if not files:
        raise InputError(f'{args.folder} has no JPEG files: give a folder that has some.')
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    chosen = [files[i * len(files) // args.images] for i in range(min(args.images, len(files)))]
    record = {}
    for part in args.parts:
        record[part] = PARTS[part](chosen, args)
        print(part, *(f'  {k:<34}{v:>10,.2f}' for k, v in record[part].items()), sep='\n')
    if args.json:
        report.write(args.json, 'cpu', images=len(chosen), **record)


def speed(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """Images/s of each pipeline, and how many times faster TwinViews is."""
    rates = images_per_second(pipelines(), files, args.rounds)
    ours = rates['TwinViews']
    return rates | {f'TwinViews / {name}': ours / rate for name, rate in rates.items()}


def large(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """The share of the speed of decoding alone that TwinViews reaches on several sizes of file."""
    both = {name: pipelines()[name] for name in ('TwinViews', 'decoding alone')}
    found = {}
    for side in args.sides:
        with tempfile.TemporaryDirectory() as folder:
            enlarged = [at_size(path, side, Path(folder)) for path in files[:20]]
            rates = images_per_second(both, enlarged, args.rounds)
        share = rates['TwinViews'] / rates['decoding alone']
        found[f'longer side {side}, of decoding alone'] = share
    return found


def channels(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """Images/s of square files of 512 px: RGB of 8 bits as PNG, and gray of 12 bits, stored in 16,
    as TIFF; and how the second compare with the first."""
    of_12_bits = dict(pipeline()[0], channels=1, range=(0, 4095))
    of_gray = Compose([TRANSFORMS.build(step) for step in (of_12_bits, pipeline()[1])])
    of_rgb = pipelines()['TwinViews']
    with tempfile.TemporaryDirectory() as folder:
        tiles = {path: tile_files(path, Path(folder, str(i))) for i, path in enumerate(files)}
        tasks = {
            'RGB PNG, 8 bits': lambda path: of_rgb(tiles[path]['png']),
            'gray TIFF, 12 bits': lambda path: of_gray(dict(img_path=tiles[path]['raw'])),
            'gray TIFF, 12 bits, deflated': lambda path: of_gray(dict(img_path=tiles[path]['zip'])),
        }
        rates = images_per_second(tasks, files, args.rounds)
    first = next(iter(rates))
    others = {name: rate for name, rate in rates.items() if name != first}
    return rates | {f'{name} / {first}': rate / rates[first] for name, rate in others.items()}


def tile_files(path: Path, folder: Path) -> dict[str, Path]:
    """The image, resized to 512 x 512, in the three kinds of file."""
    folder.mkdir()
    with Image.open(path) as image:
        rgb = np.asarray(image.convert('RGB'), np.float32)
    rgb = cv2.resize(rgb, (512, 512), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) * (4095 / 255)
    names = dict(png=folder / 'a.png', raw=folder / 'a.tif', zip=folder / 'b.tif')
    Image.fromarray(rgb.round().astype(np.uint8)).save(names['png'])
    tifffile.imwrite(names['raw'], gray.round().astype(np.uint16))
    tifffile.imwrite(names['zip'], gray.round().astype(np.uint16), compression='deflate')
    return names


def workers(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """Images/s through a loader with one and with two workers."""
    dataset = Files(files * 8, pipeline())
    loaders = {
        name: DataLoader(
            dataset,
            20,
            sampler=ViewSampler(dataset, seed=0),
            num_workers=count,
            collate_fn=default_collate,
            persistent_workers=True,
        )
        for count, name in enumerate(('one worker', 'two workers'), start=1)
    }
    tasks = {name: functools.partial(list, loader) for name, loader in loaders.items()}
    seconds = medians(tasks, args.rounds, warm_up=1)  # workers start and files are cached first
    rates = {name: len(dataset) / s for name, s in seconds.items()}
    return rates | {'two / one': rates['two workers'] / rates['one worker']}


def memory(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """Megabytes that a worker has for itself after a tenth and after all of the images."""
    steps = [pipeline()[0], OwnMemory(every=args.passes // 20)]
    dataset = Files(files * -(-args.passes // len(files)), steps)
    loader = DataLoader(dataset, 20, num_workers=1, collate_fn=list)
    held = [sample['held'] for batch in loader for sample in batch if sample['held']]
    return {
        f'MB after {args.passes // 10:,} images': held[2] / 1e6,
        f'MB after {args.passes:,} images': held[-1] / 1e6,
    }


def paths(files: list[Path], args: argparse.Namespace) -> dict[str, float]:
    """Megabytes that a worker adds over an epoch of a list as long as ImageNet's, undecoded."""
    names = [Path(f'n{i % 1000:08}', f'n{i % 1000:08}_{i}.JPEG') for i in range(args.listed)]
    dataset = Files(names, [OwnMemory(every=len(names) // 20)])
    del names
    loader = DataLoader(dataset, 256, sampler=ViewSampler(dataset, seed=0), num_workers=1)
    held = [int(of) for batch in loader for of in batch['held'] if of]
    return {
        'MB of the list': (dataset.data_bytes.nbytes + dataset.data_address.nbytes) / 1e6,
        'MB that a worker adds': (max(held) - held[0]) / 1e6,
    }


PARTS: dict[str, Callable[[list[Path], argparse.Namespace], dict[str, float]]] = dict(
    speed=speed, large=large, channels=channels, workers=workers, memory=memory, paths=paths
)


def pipeline() -> list[dict]:
    return [dict(OFFICIAL, type='mmbarlow.TwinViews'), dict(type='mmpretrain.PackInputs')]


class Files(BaseDataset):
    def __init__(self, files: list[Path], steps: list) -> None:
        self.files = files
        super().__init__(pipeline=steps)

    def load_data_list(self) -> list[dict]:
        return [dict(img_path=str(path)) for path in self.files]


class OwnMemory:
    """Reports the bytes that this process shares with no other, for one of `every` samples."""

    def __init__(self, every: int = 1) -> None:
        self.every = every

    def __call__(self, sample: dict) -> dict:
        if sample['sample_idx'] % self.every:
            return dict(held=0)
        return dict(held=bytes_of('smaps_rollup', 'Private_'))


def pipelines() -> dict[str, Callable[[Path], object]]:
    ours = Compose([TRANSFORMS.build(step) for step in pipeline()])
    steps = get_config(MMPRETRAIN).train_dataloader.dataset.pipeline
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        theirs = Compose([mmpretrain.TRANSFORMS.build(step) for step in steps])
    views = official.view(SIZE, 1.0, 0.0), official.view(SIZE, 0.1, 0.2)

    def torchvision(path: Path) -> list:
        with Image.open(path) as image:
            rgb = image.convert('RGB')
        return [view(rgb) for view in views]

    def decoding(path: Path) -> np.ndarray:
        return simplejpeg.decode_jpeg(path.read_bytes())

    return {
        'TwinViews': lambda path: ours(dict(img_path=path)),
        'mmpretrain': lambda path: theirs(dict(img_path=str(path))),
        'torchvision, as the official code': torchvision,
        'decoding alone': decoding,
    }


def images_per_second(
    tasks: dict[str, Callable[[Path], object]], files: list[Path], rounds: int
) -> dict[str, float]:
    """The medians over rounds. The tasks take turns every ten files, within the tenth of a second
    in which the speed of a shared machine changes little."""

    def run(task: Callable[[Path], object], first: int) -> None:
        for path in files[first : first + 10]:
            task(path)

    starts = range(0, len(files), 10)
    parts = {k: [functools.partial(run, task, i) for i in starts] for k, task in tasks.items()}
    seconds = medians(parts, rounds, warm_up=1, clock=time.process_time)
    return {name: len(files) / s for name, s in seconds.items()}


def at_size(path: Path, side: int, folder: Path) -> Path:
    """The image with its longer side at `side` pixels, as a JPEG file of quality 90."""
    with Image.open(path) as image:
        rgb = image.convert('RGB')
    scale = side / max(rgb.size)
    size = round(rgb.width * scale), round(rgb.height * scale)
    rgb.resize(size, Image.Resampling.BICUBIC).save(folder / path.name, 'JPEG', quality=90)
    return folder / path.name


if __name__ == '__main__':
    warnings.filterwarnings('ignore', category=UserWarning)
    cli.run(main)
