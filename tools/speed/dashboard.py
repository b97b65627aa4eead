"""What `mmbarlow.SpectrumHook` costs: a step that it measures and one that it does not, in turns.

    OMP_NUM_THREADS=1 python tools/speed/dashboard.py             # ResNet-18, 32 px
    python tools/speed/dashboard.py --device cuda --network resnet50 --batch 256

The ratio is that of a training with the hook to one without it, at the hook's interval. For
ResNet-50 at batch 256, at which a CPU takes too long, it is reckoned besides: the time of one
measurement of that size on this device, against the least time in which the device's rate for one
large product lets it make the operations of `interval` steps. Memory is what the measurement of
that size holds at most beyond the embeddings themselves.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.logging import MessageHub, MMLogger
from torch import Tensor

from measure import report, steps
from measure.memory import Task, peak_apart
from measure.networks import NETWORKS
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.evaluation.batch_spectra import Sums, read_spectrum, sums_of
from mmbarlow.evaluation.spectrum_hook import SpectrumHook

PUBLISHED = dict(rows=256, embeddings=8192, representations=2048)  # of ResNet-50, batch 256


def main() -> None:
    parser = argparse.ArgumentParser(description='The cost of SpectrumHook.')
    parser.add_argument('--network', choices=NETWORKS, default='resnet18')
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--interval', type=int, default=SpectrumHook().interval)
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_dashboard.json'))
    args = parser.parse_args()

    MMLogger.get_current_instance().setLevel('WARNING')  # not the rate of each parameter
    torch.manual_seed(0)
    extra = peak_apart(partial(published, args.device), args.device)  # a fork: before the threads
    clock = time.process_time if args.device == 'cpu' else time.perf_counter
    measure = partial(medians, rounds=args.rounds, device=args.device, warm_up=1, clock=clock)
    with tempfile.TemporaryDirectory() as folder:
        both = Steps(NETWORKS[args.network], args.batch, args.device, Path(folder))
        seconds = measure(dict(plain=both.plain, measured=both.measured))
    ratio = 1 + (seconds['measured'] / seconds['plain'] - 1) / args.interval
    print(
        f'{args.network}, batch {args.batch}: a step takes {1e3 * seconds["plain"]:.1f} ms, a '
        f'measured one {1e3 * seconds["measured"]:.1f} ms; a training with the hook takes '
        f'{ratio:.4f} times that without it, measured every {args.interval} steps'
    )
    once = measure(dict(all=published(args.device), host=read_again(args.device)))
    dtype = torch.float32 if args.device == 'cpu' else steps.precision(args.device)
    least = PUBLISHED['rows'] * steps.operations(NETWORKS['resnet50'], args.device)
    least /= steps.matrix_rate(args.device, dtype, clock)
    share = once['all'] / (args.interval * least)
    print(
        f'ResNet-50, batch 256: a measurement takes {1e3 * once["all"]:.0f} ms, of which '
        f'{1e3 * once["host"]:.0f} ms on the host, and a step at least {1e3 * least:.0f} ms; '
        f'reckoned ratio {1 + share:.5f}; memory {extra / 2**20:.1f} MB more'
    )
    report.write(
        args.out, args.device, network=args.network, batch=args.batch, interval=args.interval,
        ratio=ratio, reckoned_ratio=1 + share, host=once['host'], extra_bytes=extra,
        **seconds,
    )  # fmt: skip


class Steps:
    """Steps of one network, with a measurement and without."""

    def __init__(self, network: dict, batch: int, device: str, folder: Path) -> None:
        self.ours = steps.Ours(network, device)
        shape = batch, 3, network['size'], network['size']
        self.views = [torch.randn(shape, device=device) for _ in 'ab']
        hub = MessageHub.get_instance('dashboard')
        self.run = SimpleNamespace(
            model=self.ours.model, optim_wrapper=self.ours.wrapper, hooks=[], message_hub=hub,
            log_dir=folder, iter=0, max_iters=1,
        )  # fmt: skip
        self.hook = SpectrumHook()
        self.hook.before_train(self.run)

    def plain(self) -> None:
        self.ours(self.views)

    def measured(self) -> None:
        self.hook.before_train_iter(self.run, 0)
        outputs = self.ours.model.train_step(dict(inputs=self.views), self.ours.wrapper)
        self.hook.after_train_iter(self.run, 0, outputs=outputs)


def published(device: str) -> Task:
    """A measurement of the embeddings and the representations of the published recipe."""
    found = vectors(device)

    def measure() -> None:
        for views in found:
            read_spectrum(on_cpu(sums_of(views)))

    return measure


def read_again(device: str) -> Task:
    """What the host does of it."""
    found = [on_cpu(sums_of(views)) for views in vectors(device)]
    return lambda: [read_spectrum(sums) for sums in found]


def vectors(device: str) -> list[list[Tensor]]:
    shapes = [(PUBLISHED['rows'], PUBLISHED[name]) for name in ('embeddings', 'representations')]
    return [[torch.randn(shape, device=device) for _ in 'ab'] for shape in shapes]


def on_cpu(sums: Sums) -> Sums:
    return sums._replace(gram=sums.gram.cpu(), facts=sums.facts.cpu())


if __name__ == '__main__':
    cli.run(main)
