"""Pairs of views a second for batches of small images, against kornia and TwinViews in one run.

    python tools/speed/batch_views.py --batch 256 --size 32
    python tools/speed/batch_views.py --batch 1024 --device cuda

Prints a table in Markdown for two distributions of views: `plain`, as for CIFAR-10, and `blurred`,
the official ones. All run in one thread, and times are medians over rounds in which every method
has its turn. On a CPU they count what the process computes, so that other processes matter little.
`TwinViews` and `its loader` are the work of one worker on a CPU, with `mmpretrain.PackInputs` and
collating in it. `DeviceViews` are those of docs/resident.md, not normalized.

kornia (pip install kornia), where it is installed, makes the same views as far as it can: it draws
the parameters for each image, but it has one order of the jitter for the whole batch, resizes crops
without antialiasing, and has a blur and a hue of its own.
"""

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import default_collate

from measure.timing import medians
from mmbarlow import cli
from mmbarlow.datasets.device_views import DeviceViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.view import Views
from mmbarlow.registry import MODELS, TRANSFORMS

VIEWS = dict(
    plain=(dict(), dict(solarize=0.2)),
    blurred=(dict(blur=1.0), dict(blur=0.1, solarize=0.2)),
)
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def main() -> None:
    parser = argparse.ArgumentParser(description='Views of whole batches, pairs a second.')
    parser.add_argument('--batch', type=int, default=256, help='images')
    parser.add_argument('--size', type=int, default=32, help='of images and views, in pixels')
    parser.add_argument('--rounds', type=int, default=15, help='timed runs of each method')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    clock = time.process_time if args.device == 'cpu' else time.perf_counter
    images = photographs(args.batch, args.size)
    print(f'| views | method | pairs/s on {args.device} | x TwinViews |\n|---|---|---|---|')
    for name, views in VIEWS.items():
        methods = dict(tasks(images, views, args.size, args.device))
        # In the first two rounds libraries load and memory is found.
        seconds = medians(methods, args.rounds, args.device, warm_up=2, clock=clock)
        rates = {method: args.batch / s for method, s in seconds.items()}
        both = 1 / (1 / rates['BatchTwinViews'] + 1 / rates['its loader'])
        rates['BatchTwinViews + its loader'] = both
        for method, rate in rates.items():
            print(f'| {name} | {method} | {rate:,.0f} | {rate / rates["TwinViews"]:.2f} |')
        if 'kornia' in rates:
            ratio = rates['BatchTwinViews'] / rates['kornia']
            print(f'| {name} | BatchTwinViews / kornia | {ratio:.2f} | |')


def photographs(count: int, size: int) -> list[np.ndarray]:
    """Smooth random images; the content matters to no method's time."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return [cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in small]


def tasks(
    images: list[np.ndarray], views: tuple[dict, dict], size: int, device: str
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Methods by name, each a function that makes the views of the whole batch."""
    options = dict(size=size, view_a=views[0], view_b=views[1])
    twin = loader(images, dict(type='mmbarlow.TwinViews', **options))
    yield 'TwinViews', twin
    load = loader(images, dict(type='mmbarlow.CenterView', size=size))
    yield 'its loader', load
    batch = load()
    if device != 'cpu':
        batch['inputs'] = batch['inputs'].pin_memory()
    cfg = dict(type='mmbarlow.BatchTwinViews', mean=MEAN, std=STD, non_blocking=True, **options)
    module = MODELS.build(cfg).to(device)
    yield 'BatchTwinViews', lambda: module(batch, True)['inputs']
    keys = torch.tensor([(0, 0, i) for i in range(len(images))], device=device)
    held, made = batch['inputs'].to(device), DeviceViews(Views(*views), size, torch.device(device))
    yield 'DeviceViews', lambda: made.make(held, keys)
    if importlib.util.find_spec('kornia'):
        pipelines = [kornia_view(view, size).to(device) for view in views]

        def make() -> list:
            pixels = batch['inputs'].to(device, non_blocking=True).float() / 255
            return [pipeline(pixels) for pipeline in pipelines]

        yield 'kornia', make


def loader(images: list[np.ndarray], transform: dict) -> Callable[[], dict]:
    """What one worker does to a batch of arrays, as those of mmpretrain's CIFAR-10."""
    steps = transform, dict(type='mmpretrain.PackInputs')
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    index = [SampleIndex(i, Key(0, 0, i)) for i in range(len(images))]
    samples = list(zip(images, index, strict=True))
    return lambda: default_collate(
        [pipeline(dict(img=image, gt_label=0, sample_idx=i)) for image, i in samples]
    )


def kornia_view(view: dict, size: int) -> torch.nn.Module:
    """One view of float images from 0 to 1, with the official value where `view` has none."""
    K = importlib.import_module('kornia.augmentation')
    pixels = 'resample'  # all crops in one call
    steps = [
        K.RandomResizedCrop((size, size), resample='bicubic', cropping_mode=pixels),
        K.RandomHorizontalFlip(p=0.5),
        K.ColorJitter(0.4, 0.4, 0.2, 0.1, p=0.8),
        K.RandomGrayscale(p=0.2),
        K.Normalize(torch.tensor(MEAN) / 255, torch.tensor(STD) / 255),
    ]
    if 'blur' in view:
        steps.insert(4, K.RandomGaussianBlur((13, 13), (0.1, 2.0), p=view['blur']))
    if 'solarize' in view:
        threshold, addition = (0.5, 0.5), (0.0, 0.0)
        steps.insert(-1, K.RandomSolarize(threshold, addition, p=view['solarize']))
    return K.AugmentationSequential(*steps, data_keys=['input'], same_on_batch=False)


if __name__ == '__main__':
    cli.run(main)
