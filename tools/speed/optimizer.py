"""Time and memory of one step of LARS on ResNet-50 and its projector, against other codes.

    OMP_NUM_THREADS=2 python tools/speed/optimizer.py          # 3 GB, a minute on two cores
    python tools/speed/optimizer.py --device cuda

`mmbarlow` and `mmpretrain` are the registered optimizers, `official` is that of the official code;
on a GPU, `fused` is ours by its own kernels.
They take turns at the same weights and random gradients, and times are medians. Memory is what a
step holds at most beyond weights, gradients and momentum.
"""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from measure import official, report
from measure.memory import peak_apart
from measure.networks import NETWORKS, of_width, ours
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.registry import MODELS, OPTIMIZERS

METHODS = ('mmbarlow', 'mmpretrain', 'official')


def main() -> None:
    parser = argparse.ArgumentParser(description='LARS against LARS.')
    parser.add_argument('--width', type=int, default=8192, help='of the projector')
    parser.add_argument('--rounds', type=int, default=5, help='steps of each optimizer')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_optimizer.json'))
    args = parser.parse_args()

    methods = [*METHODS, 'fused'] if args.device == 'cuda' else METHODS
    # Memory comes first, while this process has computed nothing that a fork would copy.
    steps = {name: functools.partial(warm_step, name, args) for name in methods}
    extra = {name: peak_apart(step, args.device) for name, step in steps.items()}
    params = parameters(args)
    tasks = {name: build(name, params).step for name in methods}
    # The first round makes the momentum.
    seconds = medians(tasks, args.rounds, args.device, warm_up=1)

    largest = max(p.numel() * p.element_size() for p in params)
    rows = [
        dict(
            method=name,
            ms=1e3 * seconds[name],
            times_mmbarlow=seconds[name] / seconds['mmbarlow'],
            extra_mb=extra[name] / 1e6,
            of_largest=extra[name] / largest,
        )
        for name in methods
    ]
    for row in rows:
        print(
            f'{row["method"]:<12}{row["ms"]:>10.1f} ms, {row["times_mmbarlow"]:.2f} x mmbarlow;'
            f'{row["extra_mb"]:>8.1f} MB, {row["of_largest"]:.2f} of the largest tensor'
        )
    report.write(args.out, args.device, parameters=sum(p.numel() for p in params), rows=rows)
    print(f'record: {args.out}')


def parameters(args: argparse.Namespace) -> list[nn.Parameter]:
    """The parameters of the network, with gradients."""
    network = of_width(NETWORKS['resnet50'], args.width)
    params = list(MODELS.build(ours(network)).to(args.device).parameters())
    for p in params:
        p.grad = torch.randn_like(p)
    return params


def warm_step(method: str, args: argparse.Namespace) -> Callable[[], object]:
    """The second step of the optimizer: the first makes the momentum."""
    optimizer = build(method, parameters(args))
    optimizer.step()
    return optimizer.step


def build(method: str, params: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer, at a rate so low that random gradients do no harm, with 1-D tensors apart."""
    exclude = dict(lars_exclude=True) if method == 'mmpretrain' else {}
    groups = official.groups(params, lr=1e-6, weight_decay=0.0, **exclude)
    if method == 'official':
        return official.OfficialLARS(groups, lr=1e-4)
    options: dict[str, Any] = dict(momentum=0.9, weight_decay=1e-6)
    if method == 'fused':
        method, options = 'mmbarlow', options | dict(fused=True)
    return OPTIMIZERS.build(dict(type=f'{method}.LARS', params=groups, lr=1e-4, **options))


if __name__ == '__main__':
    cli.run(main)
