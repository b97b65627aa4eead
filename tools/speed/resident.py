"""Images a second with the training images on the device, against the loader, in one run.

    python tools/speed/resident.py                                  # digits, a small network
    python tools/speed/resident.py --config configs/ablations/NAME.py --cfg-options data_root=FOLDER
    python tools/speed/resident.py --base-channels 0 --batch 512    # the config's own network

The same network is trained by two loops that take turns: one gets its batches from the loader of
the config, with its workers and its views, the other from images that `resident=True` holds on the
device. On a GPU the second one's step is a CUDA graph. The ratio is that of the medians over the
turns, and its spread that of the middle half of the ratios in single rounds. In the other loop's
turn the workers fill their queue, two batches of each, which is in favor of the loader.
"""

import argparse
import statistics
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner

from measure import report
from measure.timing import timed
from mmbarlow import cli
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.config_files import explained
from mmbarlow.datasets.device_views import DeviceViews
from mmbarlow.datasets.whole_images import read_all, recipe_of
from mmbarlow.engine.bf16 import wrapper_for
from mmbarlow.engine.resident_loader import ResidentImages, ResidentLoader
from mmbarlow.engine.resident_step import ResidentStep
from mmbarlow.paths import CONFIGS
from mmbarlow.registry import MODELS

DIGITS = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18_1xb128-coslr-70e_digits.py'


def main() -> None:
    args = parse()
    MMLogger.get_current_instance().setLevel('WARNING')
    torch.set_num_threads(args.threads)
    if args.device != 'cpu':
        torch.backends.cudnn.benchmark = True
    loops = dict(loader=Loop(args, False), resident=Loop(args, True))
    for loop in loops.values():
        for _ in range(5):  # libraries load, workers start, and a GPU records the step
            loop.step()
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(args.rounds):
        for name, loop in loops.items():
            seconds[name].append(timed(loop.step, args.device, args.steps)[0])
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    rates = {name: loops[name].size / second for name, second in medians.items()}
    single = sorted(a / b for a, b in zip(*seconds.values(), strict=True))
    ratio = medians['loader'] / medians['resident']
    for name, rate in rates.items():
        print(f'{name:<10}{rate:>10.0f} images/s')
    low, _, high = statistics.quantiles(single, n=4) if len(single) > 1 else single * 3
    print(f'{"ratio":<10}{ratio:>10.2f}, from {low:.2f} to {high:.2f} in half of the rounds')
    about = dict(config=Path(args.config).stem, batch=loops['loader'].size, steps=args.steps)
    about |= dict(base_channels=args.base_channels, images_s=rates, ratio=ratio, ratios=single)
    report.write(args.out, args.device, **about)
    print(f'record: {args.out}')


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Images on the device against the loader.')
    parser.add_argument('--config', default=str(DIGITS))
    parser.add_argument('--cfg-options', nargs='+', action=cli.DictAction, help='of that config')
    parser.add_argument(
        '--base-channels', type=int, default=8, help="of the ResNet; 0: the config's own network"
    )
    parser.add_argument('--batch', type=int, help="images a step instead of the config's")
    parser.add_argument('--threads', type=int, default=2, help='of the process that trains')
    parser.add_argument('--rounds', type=int, default=9, help='turns of each loop')
    parser.add_argument('--steps', type=int, default=20, help='in a turn')
    parser.add_argument('--amp', action='store_true', help='in bf16')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_resident.json'))
    return parser.parse_args()


class Loop:
    """A training without hooks, of which `step` makes one step."""

    def __init__(self, args: argparse.Namespace, resident: bool) -> None:
        cfg = load_config(args.config, args.cfg_options)
        check_data_folders(cfg)
        self.size = cfg.train_dataloader.batch_size = args.batch or cfg.train_dataloader.batch_size
        if args.base_channels:
            width = dict(base_channels=args.base_channels, stem_channels=args.base_channels)
            cfg.model.backbone.update(width)
        if args.amp:
            cfg.optim_wrapper.type = wrapper_for(torch.bfloat16)
        with explained('the config'):
            torch.manual_seed(0)
            self.model: Any = MODELS.build(cfg.model).to(args.device)
            self.wrapper: Any = build_optim_wrapper(self.model, cfg.optim_wrapper)
            loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
        self.loader: Any = loader
        self.train_step = self.model.train_step
        if resident:
            self._hold(loader, args.device)
        self.batches, self.epoch = iter(()), 0

    def _hold(self, loader: Any, device: str) -> None:
        recipe = recipe_of(loader.dataset, self.model.data_preprocessor)
        images, broken = read_all(loader.dataset, recipe.reader, float('inf'))
        views = DeviceViews(recipe.views, recipe.size, torch.device(device))
        source = ResidentImages(images.to(device), views, loader.dataset, broken)
        runner = SimpleNamespace(hooks=[], model=self.model, optim_wrapper=self.wrapper, epoch=0)
        runner.train_dataloader = self.loader = ResidentLoader(loader, source)
        runner.logger = MMLogger.get_current_instance()
        gpu = device != 'cpu'
        self.train_step = ResidentStep(runner, source, static=gpu, capture=gpu)

    def step(self) -> None:
        batch = next(self.batches, None)
        if batch is None:
            self.loader.sampler.set_epoch(self.epoch)
            self.batches, self.epoch = iter(self.loader), self.epoch + 1
            batch = next(self.batches)
        self.train_step(batch, optim_wrapper=self.wrapper)


if __name__ == '__main__':
    cli.run(main)
