"""What the processes of a step tell each other, and how long it takes: 1, 2, ... all GPUs.

    python tools/speed/collectives.py          # NCCL on the GPUs that there are, gloo on a CPU
    python tools/speed/collectives.py --processes 1 2 --rows 32 --dims 512 --numbers 1000000

For each number of processes: the sum of a gradient of `--numbers` float32, in pieces of 25 MB as
DDP sends it; the embeddings of `--rows` images of each process, gathered; a sum of 4096 numbers, as
SyncBN sends it in each layer; and the loss of `--rows` pairs of each process, forward and backward,
with its collectives, against the same pairs of all processes in one. MB are what a process sends
into a sum, or gets from a gathering; one process sends nothing. Times are medians over rounds in
which all have their turn.
"""

import argparse
import functools
import socket
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from measure import report
from measure.timing import Task, medians
from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.loss import barlow_twins_loss
from mmbarlow.loss.distributed import gather_rows

PIECE = 25 * 2**18  # numbers of float32 in one of DDP's buckets, 25 MB
STATISTICS = 4096  # numbers: sums and sums of squares of 2048 channels
SEPARATE = 'loss, one process'


def main() -> None:
    args = parse()
    rows = []
    for processes in args.processes:
        own = measured(processes, args)
        print_rows(own)
        rows += own
    report.write(args.out, args.device, rows=rows)
    print(f'record: {args.out}')


def parse() -> argparse.Namespace:
    gpus = torch.cuda.device_count()
    parser = argparse.ArgumentParser(description='The collectives of a training step.')
    parser.add_argument('--processes', nargs='+', type=int, help='by default 1 and all GPUs')
    parser.add_argument('--rows', type=int, default=256, help='images of a process')
    parser.add_argument('--dims', type=int, default=8192, help='of an embedding')
    parser.add_argument('--numbers', type=int, default=174_000_000, help='of the gradient')
    parser.add_argument('--rounds', type=int, default=5, help='turns of each')
    parser.add_argument('--device', default='cuda' if gpus else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_collectives.json'))
    args = parser.parse_args()
    args.processes = args.processes or sorted({1, gpus or 2})
    if args.device != 'cpu' and max(args.processes) > gpus:
        raise InputError(
            f'--processes {max(args.processes)}: there are {gpus} GPUs, and each needs its own.'
        )
    return args


def measured(processes: int, args: argparse.Namespace) -> list[dict]:
    """A row for each task, by processes of their own."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        address = f'tcp://127.0.0.1:{free.getsockname()[1]}'
    found = mp.get_context('spawn').SimpleQueue()
    mp.spawn(_process, (processes, address, args, found), nprocs=processes)
    seconds, megabytes = found.get()
    sent = megabytes if processes > 1 else {}
    return [
        dict(processes=processes, task=name, ms=1e3 * second, mb=sent.get(name, 0.0))
        for name, second in seconds.items()
    ]


def _process(rank: int, processes: int, address: str, args: argparse.Namespace, found) -> None:
    device = args.device if args.device == 'cpu' else f'cuda:{rank}'
    if device == 'cpu':
        torch.set_num_threads(1)
    else:
        torch.cuda.set_device(device)
    alone = _loss(args.rows * processes, args.dims, device)
    alone_s = medians({SEPARATE: alone}, args.rounds, args.device, warm_up=2)
    backend = 'gloo' if device == 'cpu' else 'nccl'
    dist.init_process_group(backend, init_method=address, rank=rank, world_size=processes)
    tasks, megabytes = _tasks(args, device, processes)
    seconds = medians(tasks, args.rounds, args.device, warm_up=2) | alone_s
    if rank == 0:
        found.put((seconds, megabytes))
    dist.barrier()
    dist.destroy_process_group()


def _tasks(
    args: argparse.Namespace, device: str, processes: int
) -> tuple[dict[str, Task], dict[str, float]]:
    """What is timed, and the MB of each."""
    pieces = torch.zeros(args.numbers, device=device).split(PIECE)
    z = torch.randn(args.rows, args.dims, device=device)
    few = torch.zeros(STATISTICS, device=device)
    counts = (args.rows,) * processes
    megabytes = {
        'gradient': 4e-6 * args.numbers,
        'embeddings': 4e-6 * args.rows * args.dims * processes,
        'statistics': 4e-6 * STATISTICS,
    }
    tasks: dict[str, Task] = {
        'gradient': functools.partial(_sum, pieces),
        'embeddings': functools.partial(gather_rows, z, counts),
        'statistics': functools.partial(dist.all_reduce, few),
        'loss, all processes': _loss(args.rows, args.dims, device),
    }
    return tasks, megabytes


def _sum(pieces: tuple[Tensor, ...]) -> None:
    for work in [dist.all_reduce(piece, async_op=True) for piece in pieces]:
        assert work is not None
        work.wait()


def _loss(rows: int, dims: int, device: str) -> Task:
    views = [torch.randn(rows, dims, device=device, requires_grad=True) for _ in 'ab']

    def task() -> None:
        barlow_twins_loss(*views).backward()

    return task


def print_rows(rows: list[dict]) -> None:
    for row in rows:
        text = f'{row["processes"]} processes  {row["task"]:<20}{row["ms"]:>10.2f} ms'
        if row['mb']:
            text += f'{row["mb"]:>9.1f} MB{row["mb"] / row["ms"]:>9.2f} GB/s'
        print(text, flush=True)


if __name__ == '__main__':
    cli.run(main)
