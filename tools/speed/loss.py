"""Time and memory of the loss, forward and backward, against its peers in one run.

    python tools/speed/loss.py --shapes 256x8192 1024x8192 2048x8192

One process, all CPU cores or one GPU, fp32. Prints a table and writes a JSON record. The peers:
`mmpretrain`, its LatentCrossCorrelationHead; `lightly`, its BarlowTwinsLoss, where that package is
installed; `paper`, the formula as the paper's pseudo-code writes it. Time is the median over
rounds in which every method has its turn, so that a busy machine is busy for all. Peak memory is
what a GPU, or a fresh process for each number, held at most beyond what it held before: the
gradients handed back are in it, the embeddings are not.
"""

import argparse
import functools
import importlib
import importlib.util
import operator
import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from measure import report
from measure.memory import peak_apart
from measure.timing import medians, synchronize, timed
from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.loss.cost import cheaper_form
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
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
    args = parser.parse_args()
    shapes = [parse_shape(text) for text in args.shapes]
    methods = args.methods or installed()
    for method in methods:
        build(method, 2, 'cpu')  # one that does not exist is an error now, not in an hour

    # Memory comes first, while this process has computed nothing that a fork would copy.
    cases = [(method, N, D) for N, D in shapes for method in methods]
    steps = {case: functools.partial(warm_step, *case, args.device) for case in cases}
    most = {case: peak_apart(step, args.device) for case, step in steps.items()}
    rows = []
    for N, D in shapes:
        rate = matmul_rate(N, D, args.device)
        views = embeddings(N, D, args.device)
        tasks = {method: make_step(method, views) for method in methods}
        seconds = medians(tasks, args.rounds, args.device, repeats=None)
        for method in methods:
            row = dict(N=N, D=D, method=method, ms=1e3 * seconds[method])
            row['peak_mb'] = most[method, N, D] / 1e6
            if method in OURS:
                row['of_matmul_rate'] = (
                    operations(method, N, D, args.device) / seconds[method] / rate
                )
            rows.append(row)
            print_row(row, seconds)
    report.write(args.out, args.device, rounds=args.rounds, rows=rows)
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


def make_step(method: str, views: list[Tensor]) -> Callable[[], None]:
    """Forward and backward of the loss, until the device is done."""
    device = str(views[0].device)
    loss = build(method, views[0].shape[1], device)

    def step() -> None:
        torch.autograd.grad(loss(*views), views)
        synchronize(device)

    return step


def warm_step(method: str, N: int, D: int, device: str) -> Callable[[], None]:
    """The step whose memory counts, after a small one in which libraries load."""
    make_step(method, embeddings(32, 32, device))()
    return make_step(method, embeddings(N, D, device))


def matmul_rate(N: int, D: int, device: str) -> float:
    """Operations a second of the products (D, N) (N, D) that direct is made of."""
    a, b = (torch.randn(N, D, device=device) for _ in 'ab')
    return 2 * N * D * D / min(timed(lambda: torch.mm(a.T, b), device)[0] for _ in range(4))


def operations(method: str, N: int, D: int, device: str) -> float:
    """The operations of the matrix products, where Gram makes use of symmetry (docs/loss.md)."""
    form = cheaper_form(N, D, 1, device) if method == 'auto' else method
    return 6.0 * N * D * D if form == 'direct' else 6.4 * N * N * D


def print_row(row: dict, seconds: dict[str, float]) -> None:
    peers = [s for method, s in seconds.items() if method not in OURS]
    text = f'{row["N"]:>6} x {row["D"]:<6}{row["method"]:<12}{row["ms"]:>10.2f} ms'
    text += f'{row["peak_mb"]:>9.1f} MB'
    if 'of_matmul_rate' in row:
        text += f'  {100 * row["of_matmul_rate"]:.0f} % of the matmul rate'
        text += f', {1e3 * min(peers) / row["ms"]:.2f} x the fastest peer' if peers else ''
    print(text, flush=True)


if __name__ == '__main__':
    cli.run(main)
