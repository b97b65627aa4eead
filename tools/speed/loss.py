"""Time and memory of the loss, forward and backward, against its peers in one run.

    python tools/speed/loss.py --shapes 256x8192 1024x8192 2048x8192

One process, all CPU cores or one GPU, fp32. Prints a table and writes a JSON record. The peers:
`mmpretrain`, its LatentCrossCorrelationHead; `lightly`, its BarlowTwinsLoss, where that package is
installed; `paper`, the formula as the paper's pseudo-code writes it. Time is the median over
rounds in which every method has its turn, so that a busy machine is busy for all. Peak memory is
what the process, a fresh one for each number, held at most beyond what it held before: the
gradients handed back are in it, the embeddings are not.
"""

import argparse
import importlib
import importlib.util
import json
import operator
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from mmbarlow import cli, memory
from mmbarlow.errors import InputError
from mmbarlow.models import CrossCorrelationHead, losses
from mmbarlow.registry import MODELS

OURS = ('auto', 'direct', 'gram')
LAMBD = 0.0051
Loss = Callable[[Tensor, Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description='The loss against its peers.')
    parser.add_argument('--shapes', nargs='+', default=['256x8192'], help='N x D, as 256x8192')
    parser.add_argument('--methods', nargs='+', help='by default ours and every installed peer')
    parser.add_argument('--rounds', type=int, default=5, help='timed runs of each method')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_loss.json'))
    parser.add_argument('--peak-only', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    shapes = [parse_shape(text) for text in args.shapes]
    methods = args.methods or installed()
    for method in methods:
        build(method, 2, 'cpu')  # one that does not exist is an error now, not in an hour

    if args.peak_only:  # the fresh process of `peaks`
        # A GPU counts by itself, and would not survive the fork.
        apart = memory.in_a_fork if args.device == 'cpu' else lambda task: task()
        for N, D in shapes:
            print(apart(lambda N=N, D=D: measure_peak(methods[0], N, D, args.device)))
        return
    most = {method: peaks(method, shapes, args.device) for method in methods}
    rows = []
    for i, (N, D) in enumerate(shapes):
        rate = matmul_rate(N, D, args.device)
        seconds = time_methods(methods, N, D, args.device, args.rounds)
        for method in methods:
            row = dict(N=N, D=D, method=method, ms=1e3 * seconds[method])
            row['peak_mb'] = most[method][i] / 1e6
            if method in OURS:
                row['of_matmul_rate'] = operations(method, N, D) / seconds[method] / rate
            rows.append(row)
            print_row(row, seconds)
    record = dict(device=device_name(args.device), threads=torch.get_num_threads())
    record |= dict(torch=torch.__version__, date=time.strftime('%Y-%m-%d'), rounds=args.rounds)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record | dict(rows=rows), indent=2) + '\n')
    print(f'record: {args.out}')


def parse_shape(text: str) -> tuple[int, int]:
    if not re.fullmatch(r'\d+x\d+', text):
        raise InputError(f'{text!r} is no shape: write N x D as 256x8192.')
    N, D = map(int, text.split('x'))
    return N, D


def installed() -> list[str]:
    lightly = ['lightly'] if importlib.util.find_spec('lightly') else []
    return [*OURS, 'mmpretrain', *lightly, 'paper']


def build(method: str, D: int, device: str) -> Loss:
    """The loss of two embeddings (N, D), by the name of its method."""
    if method in OURS:
        head = CrossCorrelationHead(D, LAMBD, form=method)
        return lambda z_a, z_b: operator.add(*head.loss(z_a, z_b).values())
    if method == 'mmpretrain':
        loss = dict(type='mmpretrain.CrossCorrelationLoss', lambd=LAMBD)
        name = 'mmpretrain.LatentCrossCorrelationHead'
        return MODELS.build(dict(type=name, in_channels=D, loss=loss)).to(device).loss
    if method == 'lightly':
        return importlib.import_module('lightly.loss').BarlowTwinsLoss(lambda_param=LAMBD)
    if method == 'paper':
        return paper
    raise InputError(f'method {method!r} does not exist: take {", ".join(installed())}.')


def paper(z_a: Tensor, z_b: Tensor) -> Tensor:
    """Algorithm 1 of the paper, with the off-diagonal view of the official code."""
    N, D = z_a.shape
    z_a_norm = (z_a - z_a.mean(0)) / z_a.std(0)
    z_b_norm = (z_b - z_b.mean(0)) / z_b.std(0)
    c = z_a_norm.T @ z_b_norm / N
    c_diff = (c - torch.eye(D, device=c.device)).pow(2)
    off_diagonal = c_diff.flatten()[:-1].view(D - 1, D + 1)[:, 1:]
    return c_diff.diagonal().sum() + LAMBD * off_diagonal.sum()


def embeddings(N: int, D: int, device: str) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(N, D, generator=generator)
    views = [(shared + torch.randn(N, D, generator=generator)).to(device) for _ in 'ab']
    return [view.requires_grad_() for view in views]


def step(loss: Loss, views: list[Tensor], device: str) -> None:
    """Forward and backward, until the device is done."""
    torch.autograd.grad(loss(*views), views)
    if device != 'cpu':
        torch.cuda.synchronize()


def time_methods(methods: list[str], N: int, D: int, device: str, rounds: int) -> dict[str, float]:
    """Median seconds of a step; a step of microseconds is repeated to a fiftieth of a second.

    The turn of a method begins with a step that is not timed: caches and allocator are then as it
    leaves them, and not as the method before it did.
    """
    views = embeddings(N, D, device)
    built = {method: build(method, D, device) for method in methods}

    def seconds(method: str, steps: int = 1) -> float:
        if steps > 1:
            step(built[method], views, device)
        start = time.perf_counter()
        for _ in range(steps):
            step(built[method], views, device)
        return (time.perf_counter() - start) / steps

    steps = {}
    for method in methods:
        first = seconds(method)  # libraries load here, which matters to short steps alone
        steps[method] = max(1, int(0.02 / seconds(method))) if first < 1 else 1
    times = [[seconds(method, steps[method]) for method in methods] for _ in range(rounds)]
    return {method: statistics.median(t[i] for t in times) for i, method in enumerate(methods)}


def peaks(method: str, shapes: list[tuple[int, int]], device: str) -> list[int]:
    """Bytes for each shape, measured by this tool in a process for each."""
    command = [sys.executable, __file__, '--peak-only', '--methods', method, '--device', device]
    command += ['--shapes', *(f'{N}x{D}' for N, D in shapes)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f'the memory of {method} was not measured: {done.stderr.strip()[-300:]}')
    return [int(line) for line in done.stdout.splitlines() if line.isdigit()]


def measure_peak(method: str, N: int, D: int, device: str) -> int:
    views = embeddings(N, D, device)
    step(build(method, 32, device), embeddings(32, 32, device), device)  # libraries load here
    loss = build(method, D, device)
    if device != 'cpu':
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step(loss, views, device)
        return torch.cuda.max_memory_allocated() - before
    return memory.peak(lambda: step(loss, views, device))


def matmul_rate(N: int, D: int, device: str) -> float:
    """Operations a second of the products (D, N) (N, D) that direct is made of."""
    a, b = (torch.randn(N, D, device=device) for _ in 'ab')
    times = []
    for _ in range(4):
        start = time.perf_counter()
        torch.mm(a.T, b)
        if device != 'cpu':
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 2 * N * D * D / min(times)


def operations(method: str, N: int, D: int) -> float:
    """Of the matrix products, symmetry made use of (docs/loss.md)."""
    form = losses.cheaper_form(N, D, world_size=1) if method == 'auto' else method
    return 6.0 * N * D * D if form == 'direct' else 6.4 * N * N * D


def print_row(row: dict, seconds: dict[str, float]) -> None:
    peers = [s for method, s in seconds.items() if method not in OURS]
    text = f'{row["N"]:>6} x {row["D"]:<6}{row["method"]:<12}{row["ms"]:>10.2f} ms'
    text += f'{row["peak_mb"]:>9.1f} MB'
    if 'of_matmul_rate' in row:
        text += f'  {100 * row["of_matmul_rate"]:.0f} % of the matmul rate'
        text += f', {1e3 * min(peers) / row["ms"]:.2f} x the fastest peer' if peers else ''
    print(text, flush=True)


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device != 'cpu' else platform.processor() or 'cpu'


if __name__ == '__main__':
    cli.run(main)
