"""Views of 224 px made by workers against views made on the device, from files and from a cache.

    python tools/speed/device_views.py FOLDER                     # on a CPU
    python tools/speed/device_views.py --device cuda --batch 256  # milliseconds of a batch, memory

FOLDER has JPEG files, nested or not; without it, smooth random images of 500 x 375 pixels are
written to a temporary folder. Prints a table in Markdown. Everything runs in one thread, and times
are medians over rounds in which every method has its turn. On a CPU they count what the process
computes, so that other processes matter little; a sum of two rows is what a worker and the device
take together for an image. `--keep FILE` leaves the cache there.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import default_collate

from measure import report
from measure.memory import peak
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.datasets.raw_cache import RawCache
from mmbarlow.datasets.raw_cache_writer import write_cache
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_crops import pack_crops
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS, TRANSFORMS

OFFICIAL = dict(view_a=dict(blur=1.0), view_b=dict(blur=0.1, solarize=0.2))
PIXELS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
SOURCES = ('files', 'cache')


def main() -> None:
    parser = argparse.ArgumentParser(description='Views of 224 px on the device.')
    parser.add_argument('folder', type=Path, nargs='?', help='JPEG files, nested or not')
    parser.add_argument('--batch', type=int, default=32, help='images')
    parser.add_argument('--images', type=int, default=64, help='to write, without a folder')
    parser.add_argument('--size', type=int, default=224, help='of the views, in pixels')
    parser.add_argument('--rounds', type=int, default=5, help='timed runs of each method')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--keep', type=Path, help='copy the cache to this file')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/device_views.json'))
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as folder:
        source = args.folder or random_files(Path(folder, 'images'), args.images)
        written = write_cache(str(source), Path(folder, 'images.raw'))
        if args.keep:
            shutil.copy(Path(folder, 'images.raw'), args.keep)
        rates = measured(source, Path(folder, 'images.raw'), args)
    for name, rate in rates['images_s'].items():
        print(f'| {name} | {rate:,.0f} | {rate / rates["images_s"]["TwinViews, files"]:.2f} |')
    for name, value in rates['held'].items():
        print(f'{name}: {value:,.1f}')
    report.write(args.out, args.device, cache_bytes=written.size, images=written.count, **rates)


def random_files(folder: Path, count: int) -> Path:
    """Smooth random images; the content matters to no method's time."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(count):
        small = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{i}.jpg'), cv2.resize(small, (500, 375), interpolation=2))
    return folder


def measured(source: Path, cache: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Images/s of each method, and milliseconds and bytes of a batch on the device."""
    files = sorted(p for p in source.rglob('*') if p.suffix.lower() in ('.jpg', '.jpeg'))
    if not files:
        raise InputError(f'{source} has no JPEG files: give a folder that has some.')
    dataset, count = RawCache(str(cache)), min(args.batch, len(files))
    chosen = [i * len(files) // count for i in range(count)]
    cached = [i * len(dataset) // count for i in range(count)]
    samples = dict(
        files=lambda i: dict(img_path=str(files[chosen[i]])),
        cache=lambda i: dataset.get_data_info(cached[i]),
    )
    device_cfg = dict(type='mmbarlow.PackedTwinViews', non_blocking=True, **PIXELS)
    module = MODELS.build(device_cfg).to(args.device)
    tasks: dict[str, Callable[[], object]] = {}
    for name in SOURCES:
        tasks[f'TwinViews, {name}'] = loader('TwinViews', samples[name], count, args.size)
        load = loader('TwinCrops', samples[name], count, args.size)
        batch = load()
        if args.device != 'cpu':
            batch['inputs'] = batch['inputs'].pin_memory()
        tasks[f'TwinCrops, {name}'] = load
        tasks[f'PackedTwinViews, {name}'] = lambda batch=batch: module(batch, True)['inputs']
    clock = time.process_time if args.device == 'cpu' else time.perf_counter
    seconds = medians(tasks, args.rounds, args.device, warm_up=2, clock=clock)
    rates = {name: count / s for name, s in seconds.items()}
    found = {}
    for name in SOURCES:
        both = rates[f'TwinCrops, {name}'], rates[f'PackedTwinViews, {name}']
        rates[f'TwinCrops + PackedTwinViews, {name}'] = 1 / sum(1 / rate for rate in both)
        found[f'ms of a batch of {count} on the device, {name}'] = (
            1e3 * seconds[f'PackedTwinViews, {name}']
        )
        bytes_held = peak(tasks[f'PackedTwinViews, {name}'], args.device)
        found[f'MB held on the device, {name}'] = bytes_held / 1e6
    return dict(images_s=rates, held=found)


def loader(kind: str, sample: Callable[[int], dict], count: int, size: int) -> Callable[[], dict]:
    """What one worker does to a batch."""
    steps = dict(OFFICIAL, type=f'mmbarlow.{kind}', size=size), dict(type='mmpretrain.PackInputs')
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    collate: Any = pack_crops if kind == 'TwinCrops' else default_collate
    index = [SampleIndex(i, Key(0, 0, i)) for i in range(count)]
    return lambda: collate([pipeline(dict(sample(i), sample_idx=index[i])) for i in range(count)])


if __name__ == '__main__':
    cli.run(main)
