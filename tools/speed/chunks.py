"""Time and memory of a training step in chunks, against the same batch at once and a small one.

    python tools/speed/chunks.py --batch 2048 --chunk 128

Forward, loss and backward of `mmbarlow.BarlowTwins` on random images, on the CPU, with the network
of configs/_base_/models/barlowtwins_resnet18_small.py and the ImageNet stem. Time is the median of
rounds in which all have their turn; peak memory is what a process of its own held at most beyond
what it held before the step, so that the images and the parameters are not in it and the
gradients are.
"""

import argparse
import functools
from collections.abc import Callable

import torch

from measure.memory import peak_apart
from measure.networks import NETWORKS, ours
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS

NETWORK = dict(NETWORKS['resnet18'], backbone=dict(type='mmpretrain.ResNet', depth=18))


def main() -> None:
    parser = argparse.ArgumentParser(description='A step in chunks against a step at once.')
    parser.add_argument('--batch', type=int, default=2048, help='images in the batch')
    parser.add_argument('--chunk', type=int, default=128, help='images in a chunk')
    parser.add_argument('--size', type=int, default=32, help='height and width in pixels')
    parser.add_argument('--rounds', type=int, default=3, help='timed steps of each')
    args = parser.parse_args()
    if not 2 <= args.chunk <= args.batch:
        raise InputError(f'--chunk is {args.chunk}: give 2 to {args.batch}, the size of the batch.')

    cases: dict[str, tuple[int, int | None]] = {
        f'{args.batch} at once': (args.batch, None),
        f'{args.batch} in chunks of {args.chunk}': (args.batch, args.chunk),
        f'{args.chunk} at once': (args.chunk, None),
    }
    # The forks come first, while this process has computed nothing.
    peaks = [
        peak_apart(functools.partial(warm_step, *case, args.size), 'cpu') for case in cases.values()
    ]
    steps = {name: make_step(*case, args.size) for name, case in cases.items()}
    seconds = medians(steps, args.rounds, warm_up=1)
    for peak, (name, median) in zip(peaks, seconds.items(), strict=True):
        print(f'{name:<28}{median:8.2f} s{peak / 1e6:9.0f} MB')
    at_once, in_chunks, _ = seconds.values()
    embeddings = 2 * args.batch * NETWORK['neck']['out_channels'] * 4
    print(f'time: {in_chunks / at_once:.2f} x that of the batch at once')
    print(
        f'memory: {(peaks[1] - embeddings) / peaks[2]:.2f} x that of a batch of {args.chunk}, '
        f'beside {embeddings / 1e6:.0f} MB of embeddings'
    )


def make_step(batch: int, chunk_size: int | None, size: int) -> Callable[[], None]:
    """Forward, loss and backward of a batch, the gradients made anew each time."""
    torch.manual_seed(0)
    model: BarlowTwins = MODELS.build(ours(NETWORK) | dict(chunk_size=chunk_size))
    views = [torch.randn(batch, 3, size, size) for _ in 'ab']

    def step() -> None:
        model.zero_grad()
        torch.stack(list(model.loss(views).values())).sum().backward()

    return step


def warm_step(batch: int, chunk_size: int | None, size: int) -> Callable[[], None]:
    """The step whose memory counts, after a small one in which libraries load."""
    make_step(4, None, size)()
    return make_step(batch, chunk_size, size)


if __name__ == '__main__':
    cli.run(main)
