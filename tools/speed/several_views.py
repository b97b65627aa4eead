"""Time and memory of the loss of several views over those of two, forward and backward, in one run.

    python tools/speed/several_views.py --shapes 256x8192 2048x8192 --views 2 4 8
    python tools/speed/several_views.py --shapes 2048x128 1024x512 --form direct

The Gram form grows with the number of views, a loss of one pair after the other with that of the
pairs: 28 for 8 views, and so do the products of the direct form. `pairwise` is that, by the same
loss of two views. Time is the median over rounds in which every case has its turn; memory is what a
fresh process held at most beyond what it held before.
"""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from loss import parse_shape
from measure import report
from measure.memory import peak_apart, ratio
from measure.timing import medians, synchronize
from mmbarlow import cli
from mmbarlow.loss import BarlowTwinsLoss


def main() -> None:
    parser = argparse.ArgumentParser(description='The loss of several views over that of two.')
    parser.add_argument('--shapes', nargs='+', default=['256x8192'], help='N x D, as 256x8192')
    parser.add_argument('--views', nargs='+', type=int, default=[2, 4, 8])
    parser.add_argument('--form', default='auto', help='of the loss: auto, gram or direct')
    parser.add_argument('--rounds', type=int, default=5, help='timed runs of each case')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_several_views.json'))
    args = parser.parse_args()
    rows = []
    for N, D in map(parse_shape, args.shapes):
        cases = [(V, how) for V in args.views for how in ('all at once', 'pairwise')]
        cases = [case for case in cases if case != (2, 'pairwise')]
        # Memory comes first, while this process has computed nothing that a fork would copy.
        of = args.form, N, D, args.device
        makers = {c: functools.partial(warm_step, *c, *of) for c in cases}
        most = [peak_apart(make, args.device) for make in makers.values()]
        steps = {f'{V} views, {how}': make_step(V, how, *of) for V, how in cases}
        seconds = medians(steps, args.rounds, args.device)
        for (name, time), memory in zip(seconds.items(), most, strict=True):
            times = time / next(iter(seconds.values()))
            times_memory = ratio(memory, to=most[0])
            row = dict(N=N, D=D, case=name, ms=1e3 * time, times=times, peak_mb=memory / 1e6)
            rows.append(row | dict(times_memory=times_memory))
            print(
                f'{N:>6} x {D:<6}{name:<22}{row["ms"]:9.1f} ms, {times:5.2f} x'
                f' {row["peak_mb"]:9.1f} MB' + (f', {times_memory:5.2f} x' if times_memory else ''),
                flush=True,
            )
    report.write(args.out, args.device, rounds=args.rounds, form=args.form, rows=rows)
    print(f'record: {args.out}')


def make_step(V: int, how: str, form: str, N: int, D: int, device: str) -> Callable[[], None]:
    """Forward and backward of the loss of V views, until the device is done."""
    loss, views = BarlowTwinsLoss(form=form), embeddings(V, N, D, device)

    def step() -> None:
        if how == 'pairwise':
            pairs = [(a, b) for b in range(V) for a in range(b)]
            value = torch.stack([loss(views[a], views[b]) for a, b in pairs]).mean()
        else:
            value = loss(*views)
        torch.autograd.grad(value, views)
        synchronize(device)

    return step


def warm_step(V: int, how: str, form: str, N: int, D: int, device: str) -> Callable[[], None]:
    """The step whose memory counts, after a small one in which libraries load."""
    make_step(V, how, form, 32, 64, device)()
    return make_step(V, how, form, N, D, device)


def embeddings(V: int, N: int, D: int, device: str) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(N, D, generator=generator)
    views = [(shared + torch.randn(N, D, generator=generator)).to(device) for _ in range(V)]
    return [view.requires_grad_() for view in views]


if __name__ == '__main__':
    cli.run(main)
