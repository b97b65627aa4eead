"""Time and memory of each loss of the family against its authors' form, forward and backward.

    python tools/speed/family.py --shapes 256x8192 --out docs/family_speed_256.json
    python tools/speed/family.py --shapes 2048x8192 --rounds 1 --out docs/family_speed_2048.json
    python tools/speed/family.py --read docs/family_speed*.json --page docs/family_speed.md

Both are of two views in fp32, of one value, in one run (`measure/authors.py`). Time is the median
over rounds in which both have their turn; memory is what a fresh process held at most beyond the
embeddings, the gradients handed back included. A large shape can take minutes a round.
"""

import argparse
import functools
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from loss import embeddings, parse_shape
from measure import report
from measure.authors import FAMILY
from measure.memory import peak_apart, ratio
from measure.timing import medians, synchronize
from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.zoo.markdown import markdown_table

SIDES = 'ours', 'authors'


def main() -> None:
    parser = argparse.ArgumentParser(description="The losses of the family and their authors'.")
    parser.add_argument('--shapes', nargs='+', default=['256x8192'], help='N x D, as 256x8192')
    parser.add_argument('--losses', nargs='+', default=list(FAMILY), metavar='NAME')
    parser.add_argument('--rounds', type=int, default=3, help='timed runs of each')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_family.json'))
    parser.add_argument('--read', nargs='+', type=Path, help='records for --page: measure nothing')
    parser.add_argument('--page', type=Path, help='table in Markdown to write')
    args = parser.parse_args()
    for name in args.losses:
        if name not in FAMILY:
            raise InputError(f'loss {name!r} does not exist: take {", ".join(FAMILY)}.')
    if not args.read:
        measure(args)
    if args.page:
        records = [json.loads(path.read_text()) for path in args.read or [args.out]]
        write_atomically(args.page, page(records))
        print(f'page: {args.page}')


def measure(args: argparse.Namespace) -> None:
    """Print a row for each shape and loss, and write them."""
    cases = [(name, N, D) for N, D in map(parse_shape, args.shapes) for name in args.losses]
    refused = {case for case in cases if case[0] == 'wmse' and case[1] <= case[2]}
    # Memory comes first, while this process has computed nothing that a fork would copy.
    most = {
        (case, side): peak_apart(functools.partial(warm, *case, side, args.device), args.device)
        for case in cases
        if case not in refused
        for side in SIDES
    }
    rows: list[dict] = []
    for case in cases:
        name, N, D = case
        row: dict = dict(loss=name, N=N, D=D, builds=FAMILY[name][2])
        if case in refused:
            row['reason'] = 'it takes more samples than dimensions'
        else:
            row |= {f'{side}_mb': most[case, side] / 1e6 for side in SIDES}
            row |= times(name, N, D, args.rounds, args.device)
        rows.append(row)
        print(line(row), flush=True)
        report.write(args.out, args.device, rounds=args.rounds, rows=rows)
    print(f'record: {args.out}')


def times(name: str, N: int, D: int, rounds: int, device: str) -> dict:
    """Milliseconds of both, and how many times as fast ours is, once their values agree."""
    steps = {side: step_of(name, N, D, side, device) for side in SIDES}
    ours, theirs = (steps[side]() for side in SIDES)
    if not torch.allclose(ours, theirs, rtol=1e-3):
        raise InputError(f'{name} at {N}x{D} is {ours:.6g}, and {theirs:.6g} by its authors.')
    seconds = medians(steps, rounds, device)
    found = {f'{side}_ms': 1e3 * seconds[side] for side in SIDES}
    return found | dict(times=seconds['authors'] / seconds['ours'])


def step_of(name: str, N: int, D: int, side: str, device: str) -> Callable[[], Tensor]:
    """Forward and backward, until the device is done; returns the loss."""
    ours, theirs, _ = FAMILY[name]
    views = embeddings(N, D, device)
    loss = ours(D).to(device).eval() if side == 'ours' else theirs

    def step() -> Tensor:
        value = loss(*views)
        torch.autograd.grad(value, views)
        synchronize(device)
        return value.detach().double().cpu()

    return step


def warm(name: str, N: int, D: int, side: str, device: str) -> Callable[[], Tensor]:
    """The step whose memory counts, after a small one in which libraries load."""
    step_of(name, 64, 32, side, device)()
    return step_of(name, N, D, side, device)


def line(row: dict) -> str:
    start = f'{row["loss"]:<12}{row["N"]:>6} x {row["D"]:<7}'
    if 'reason' in row:
        return start + row['reason']
    return (
        f'{start}{row["ours_ms"]:10.1f} ms, authors {row["authors_ms"]:10.1f} ms: '
        f'{row["times"]:6.2f} x; {row["ours_mb"]:8.1f} MB of {row["authors_mb"]:8.1f} MB'
    )


def page(records: list[dict]) -> str:
    """Every record as rows of one table; of a loss and shape that two have, those of the later."""
    found = {(r['loss'], r['N'], r['D']): r for record in records for r in record['rows']}
    rows = [*found.values()]
    header = ['loss', 'N x D', 'its authors build', 'ours', 'authors', 'times as fast']
    header += ['memory: ours', 'authors', 'share']
    cells = []
    for row in rows:
        cells.append([row['loss'], f'{row["N"]} x {row["D"]}', row['builds']])
        if 'reason' in row:
            cells[-1] += [row['reason'], *['–'] * 5]
            continue
        cells[-1] += [f'{row[f"{side}_ms"]:.0f} ms' for side in SIDES] + [f'{row["times"]:.1f}']
        cells[-1] += [f'{row[f"{side}_mb"]:.0f} MB' for side in SIDES]
        times = ratio(1e6 * row['authors_mb'], to=1e6 * row['ours_mb'])
        cells[-1] += [f'1/{times:.1f}' if times else '–']
    about = '{device}, threads: {threads}, torch {torch}, {date}, rounds: {rounds}, their median'
    facts = '; '.join(dict.fromkeys(about.format(**record) for record in records))
    return (
        '# The family: time and memory of the losses\n\n'
        'Made by `tools/speed/family.py` from records; do not edit. Forward and backward of two '
        'views, ours against the form in the code of its authors, in one run. Ratios count, and '
        f'not times, which were measured beside other work ({facts}).\n\n'
        f'{markdown_table(header, cells)}'
    )


if __name__ == '__main__':
    cli.run(main)
