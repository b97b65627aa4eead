"""Time and memory of one step of LARS on ResNet-50 and its projector, against other codes.

    OMP_NUM_THREADS=2 python tools/speed/optimizer.py          # 3 GB, a minute on two cores
    python tools/speed/optimizer.py --device cuda

`mmbarlow` and `mmpretrain` are the registered optimizers, `official` is that of the official code.
Each steps through the same weights with gradients of its own making, turn by turn; times are
medians. Memory is what a step holds at most beyond weights, gradients and momentum.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from mmbarlow.benchmarks.official import OfficialLARS
from mmbarlow.benchmarks.timing import medians, peak
from torch import nn

from mmbarlow import cli, memory
from mmbarlow.benchmarks import networks
from mmbarlow.registry import MODELS, OPTIMIZERS

METHODS = ('mmbarlow', 'mmpretrain', 'official')


def main() -> None:
    parser = argparse.ArgumentParser(description='LARS against LARS.')
    parser.add_argument('--width', type=int, default=8192, help='of the projector')
    parser.add_argument('--rounds', type=int, default=5, help='steps of each optimizer')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_optimizer.json'))
    args = parser.parse_args()

    # On a CPU each in a process of its own, before anything is computed in this one.
    apart = memory.in_a_fork if args.device == 'cpu' else lambda task: task()
    extra = {name: apart(lambda name=name: measure_peak(name, args)) for name in METHODS}
    params = parameters(args)
    optimizers = {name: build(name, params) for name in METHODS}
    for optimizer in optimizers.values():
        optimizer.step()  # momentum is there from now on
    tasks = {name: optimizer.step for name, optimizer in optimizers.items()}
    seconds = medians(tasks, args.rounds, 1, args.device)

    largest = max(p.numel() * p.element_size() for p in params)
    record = dict(device=args.device, threads=torch.get_num_threads(), torch=torch.__version__)
    record |= dict(date=time.strftime('%Y-%m-%d'), parameters=sum(p.numel() for p in params))
    rows = [
        dict(
            method=name,
            ms=1e3 * seconds[name],
            times_mmbarlow=seconds[name] / seconds['mmbarlow'],
            extra_mb=extra[name] / 1e6,
            of_largest=extra[name] / largest,
        )
        for name in METHODS
    ]
    for row in rows:
        print(
            f'{row["method"]:<12}{row["ms"]:>10.1f} ms, {row["times_mmbarlow"]:.2f} x mmbarlow;'
            f'{row["extra_mb"]:>8.1f} MB, {row["of_largest"]:.2f} of the largest tensor'
        )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record | dict(rows=rows), indent=2) + '\n')
    print(f'record: {args.out}')


def parameters(args: argparse.Namespace) -> list[nn.Parameter]:
    """Of the network, with gradients."""
    network = dict(networks.NETWORKS['resnet50'], width=args.width)
    params = list(MODELS.build(networks.ours(network)).to(args.device).parameters())
    for p in params:
        p.grad = torch.randn_like(p)
    return params


def measure_peak(method: str, args: argparse.Namespace) -> int:
    """Bytes of a step of the optimizer, the second one: the first makes the momentum."""
    optimizer = build(method, parameters(args))
    optimizer.step()
    return peak(optimizer.step, args.device)


def build(method: str, params: list[nn.Parameter]) -> torch.optim.Optimizer:
    """With 1-D tensors apart; the rate is so low that gradients of noise do no harm."""
    one = dict(lr=1e-6, weight_decay=0.0) | (
        dict(lars_exclude=True) if method == 'mmpretrain' else {}
    )
    groups = [
        dict(params=[p for p in params if p.ndim > 1]),
        dict(params=[p for p in params if p.ndim == 1], **one),
    ]
    if method == 'official':
        return OfficialLARS(groups, lr=1e-4)
    momentum = dict(momentum=0.9, weight_decay=1e-6)
    return OPTIMIZERS.build(dict(type=f'{method}.LARS', params=groups, lr=1e-4, **momentum))


if __name__ == '__main__':
    cli.run(main)
