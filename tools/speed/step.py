"""Time and memory of a whole training step, against other codes on the same network in one run.

    python tools/speed/step.py                                 # a GPU: all of it, some minutes
    python tools/speed/step.py --networks resnet50 --batch-sizes 256 --compile
    python tools/speed/step.py --loader configs/barlowtwins/NAME.py      # the second table
    python tools/speed/step.py --device cpu --networks resnet18 --batch-sizes 32 --width 512

Methods: `ours`, as `tools/train.py --amp` runs it; `official`, the official code written plainly;
`mmpretrain`, its model, head and LARS in MMEngine's wrapper; `ceiling`, backbone and projector
forward and backward without loss and optimizer. Synthetic views lie on the device; every method
has its turn in every round, and times are medians. Utilization counts the convolutions and linear
layers of the network alone, against the device's rate for one large product in the same type.
Memory is all that the method holds at most, its weights included.
"""

import argparse
import statistics
from pathlib import Path

import torch
from mmengine.logging import MMLogger

from measure import report, steps
from measure.loader_rate import loader_rate
from measure.memory import peak
from measure.networks import NETWORKS, of_width
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.errors import InputError

BATCHES = {'resnet50': [128, 256, 512], 'resnet18': [128, 512, 1024], 'vit-small': [256]}


def main() -> None:
    args = parse()
    MMLogger.get_current_instance().setLevel('WARNING')  # not the rate of each parameter
    if args.device != 'cpu':  # for all methods, as configs/_base_/default_runtime.py has it
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision('high')
    dtype = steps.precision(args.device)
    rate = steps.matrix_rate(args.device, dtype)
    record: dict = dict(rounds=args.rounds, dtype=str(dtype), matrix_tflops=rate / 1e12, rows=[])
    print(f'{report.device_name(args.device)}, {dtype}: {rate / 1e12:.2f} TFLOP/s in one product')
    if args.loader:
        record['loader'] = loader_rate(args.loader, args.cfg_options, args.steps, args.rounds)
        print_loader(record['loader'])
    else:
        for name in args.networks:
            network = of_width(NETWORKS[name], args.width)
            network['size'] = args.size or network['size']
            operations = steps.operations(network, args.device)
            for batch in args.batch_sizes or BATCHES[name]:
                rows = compare(network, batch, operations / rate, args)
                record['rows'] += [dict(network=name, batch=batch, **row) for row in rows]
                print_rows(name, batch, rows)
    report.write(args.out, args.device, **record)
    print(f'record: {args.out}')


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='A whole training step against other codes.')
    parser.add_argument('--networks', nargs='+', default=list(NETWORKS))
    parser.add_argument('--batch-sizes', nargs='+', type=int, help='images a step')
    parser.add_argument('--methods', nargs='+', default=list(steps.METHODS))
    parser.add_argument('--size', type=int, help='side of the images instead of 224 or 32')
    parser.add_argument('--width', type=int, help='of the projector instead of 8192 or 2048')
    parser.add_argument('--compile', action='store_true', help='torch.compile for ours and ceiling')
    parser.add_argument('--contiguous', action='store_true', help='ours without channels_last')
    parser.add_argument('--rounds', type=int, default=7, help='turns of each method')
    parser.add_argument('--steps', type=int, default=5, help='steps in a turn')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--loader', metavar='CONFIG', help='a config to train with its real loader')
    parser.add_argument('--cfg-options', nargs='+', action=cli.DictAction, help='of that config')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_step.json'))
    args = parser.parse_args()
    for kind, known, given in (
        ('network', NETWORKS, args.networks),
        ('method', steps.METHODS, args.methods),
    ):
        for name in given:
            if name not in known:
                raise InputError(f'{kind} {name!r} does not exist: take {", ".join(known)}.')
    if min(args.batch_sizes or [2]) < 2:
        raise InputError('a batch of 1 has no correlations: take --batch-sizes of 2 and more.')
    return args


def compare(network: dict, batch: int, ideal: float, args: argparse.Namespace) -> list[dict]:
    """A row for each method; `ideal` is the least seconds that the operations of an image take."""
    torch._dynamo.reset()  # or a second batch size would compile for every size
    size = network['size']
    views = [torch.randn(batch, 3, size, size, device=args.device) for _ in 'ab']
    built: dict = {}
    most = {}
    for name in args.methods:

        def start(name: str = name) -> None:
            own = name in ('ours', 'ceiling')
            options = dict(channels_last=not args.contiguous, compile=args.compile) if own else {}
            built[name] = steps.METHODS[name](network, args.device, **options)
            for _ in range(3):
                built[name](views)

        most[name] = peak(start, args.device)
    tasks = {name: lambda step=step: step(views) for name, step in built.items()}
    seconds = medians(tasks, args.rounds, args.device, repeats=args.steps)
    rows = []
    for name in args.methods:
        row = dict(method=name, ms=1e3 * seconds[name], pairs_s=batch / seconds[name])
        row |= dict(peak_mb=most[name] / 1e6, utilization=batch * ideal / seconds[name])
        row |= {f'times_{o}': seconds[o] / seconds[name] for o in args.methods if o != name}
        rows.append(row)
    if 'ours' in built:
        rounds = [built['ours'].parts(views) for _ in range(max(3, args.rounds))]
        parts = {part: statistics.median(r[part] for r in rounds) for part in rounds[0]}
        whole = sum(parts.values())
        rows[args.methods.index('ours')]['share'] = {k: v / whole for k, v in parts.items()}
    return rows


def print_rows(network: str, batch: int, rows: list[dict]) -> None:
    for row in rows:
        text = f'{network:<10}{batch:>6}  {row["method"]:<12}{row["ms"]:>10.1f} ms'
        text += f'{row["pairs_s"]:>10.1f} pairs/s{row["peak_mb"]:>10.0f} MB'
        text += f'{100 * row["utilization"]:>6.0f} % of the rate'
        if row['method'] == 'ours':
            peers = [(o, row[f'times_{o}']) for o in steps.METHODS if f'times_{o}' in row]
            text += ''.join(f', {times:.2f} x {other}' for other, times in peers)
            text += '\n' + ' ' * 18
            text += ', '.join(f'{part} {100 * s:.1f} %' for part, s in row['share'].items())
        print(text, flush=True)


def print_loader(row: dict) -> None:
    print(
        f'{row["config"]}: {row["pairs_s"]:.1f} pairs/s with the loader, '
        f'{100 * row["of_step"]:.0f} % of the step by itself ({row["step_pairs_s"]:.1f})'
    )


if __name__ == '__main__':
    cli.run(main)
