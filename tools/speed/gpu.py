"""All that a GPU can tell of this project, in one command of bounded time.

    python tools/speed/gpu.py                                # 9 minutes
    python tools/speed/gpu.py --data data/cifar10            # also the loader, and a real training
    python tools/speed/gpu.py --parts tests loss --minutes 3
    python tools/speed/gpu.py --page docs/gpu.md             # from what was measured, no run

Each part is a command with a time limit, so that one that hangs or fails ends alone. What it prints
goes to OUT/PART.log as it runs, what it measured to OUT/PART.json when it ends. A part that passed
on this card and at this commit is not run again. Without a GPU everything is reduced.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from measure import report
from measure.gpu_parts import PARTS, ROOT
from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.zoo.provenance import commit

GRACE = 5  # seconds from SIGTERM to SIGKILL
AFTER_TRAINING = 90  # seconds for the evaluation


def main() -> None:
    parser = argparse.ArgumentParser(description='All measurements of a GPU.')
    parser.add_argument('--parts', nargs='+', choices=list(PARTS), help='by default all')
    parser.add_argument('--minutes', type=float, default=9, help='for all of them')
    parser.add_argument('--data', type=Path, help='CIFAR-10 as class folders: train/, test/')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/gpu'))
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--page', type=Path, help='write what OUT has as a page, and run nothing')
    args = parser.parse_args()
    if args.data and not (args.data / 'train').is_dir():
        raise InputError(
            f'--data: {args.data} has no folder train: give CIFAR-10 as class folders.'
        )
    if args.page:
        write_atomically(args.page, page(args.out))
        return
    args.out, args.data = args.out.absolute(), args.data and args.data.absolute()
    args.out.mkdir(parents=True, exist_ok=True)
    print(f'{report.device_name(args.device)}, commit {commit()[:12]}', flush=True)
    end = time.monotonic() + 60 * args.minutes
    failed = [name for name in args.parts or PARTS if not measured(name, args, end)]
    if failed:
        raise InputError(f'of these parts there is no result: {", ".join(failed)}; see {args.out}.')


def measured(name: str, args: argparse.Namespace, end: float) -> bool:
    """Run a part, unless it has a result or no time. False if it failed."""
    part, kept = PARTS[name], args.out / f'{name}.json'
    command = part.command if args.device != 'cpu' else part.reduced
    if not command or ('{data}' in command and not args.data):
        print(f'{name:<12}left out: {"needs a GPU" if not command else "needs --data"}', flush=True)
        return True
    about = dict(part=name, card=report.device_name(args.device), commit=commit())
    if is_known(kept, about):
        print(f'{name:<12}measured before', flush=True)
        return True
    seconds = min(part.seconds, end - time.monotonic() - GRACE)
    if seconds < part.least:
        print(f'{name:<12}no time left', flush=True)
        return False
    numbers = args.out / f'{name}_numbers.json'
    numbers.unlink(missing_ok=True)
    words = dict(out=numbers, data=args.data, run=args.out / 'run')
    words['minutes'] = (seconds - AFTER_TRAINING) / 60
    command = command.format(**words)
    start = time.monotonic()
    status = run(command, args.out / f'{name}.log', seconds)
    taken = round(time.monotonic() - start, 1)
    found = json.loads(numbers.read_text()) if numbers.is_file() else None
    record = about | dict(command=f'python {command}', status=status, seconds=taken, numbers=found)
    record |= dict(date=time.strftime('%Y-%m-%d'), torch=torch.__version__)
    write_atomically(kept, json.dumps(record, indent=2) + '\n')
    print(f'{name:<12}{status}, {taken:.0f} s', flush=True)
    return status == 'passed'


def is_known(kept: Path, about: dict) -> bool:
    if not kept.is_file() or about['commit'].endswith(('-dirty', 'unknown')):
        return False
    record = json.loads(kept.read_text())
    return record['status'] == 'passed' and about.items() <= record.items()


def run(command: str, log: Path, seconds: float) -> str:
    """Run Python with these arguments, and others after each `&&`; the status in a word or two."""
    shell = ' && '.join(f'"$PYTHON" {part}' for part in command.split(' && '))
    env = os.environ | dict(PYTHON=sys.executable, PYTHONUNBUFFERED='1')
    env['PYTHONPATH'] = os.pathsep.join(filter(None, [str(ROOT), env.get('PYTHONPATH')]))
    with log.open('w') as file:
        process = subprocess.Popen(
            ['/bin/sh', '-c', shell],
            cwd=ROOT,
            env=env,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return 'passed' if process.wait(seconds) == 0 else f'failed ({process.returncode})'
        except subprocess.TimeoutExpired:
            return f'stopped after {seconds:.0f} s'
        finally:  # also those of its children that hold the GPU
            for number in (signal.SIGTERM, signal.SIGKILL):
                stop(process, number)


def stop(process: subprocess.Popen, number: int) -> None:
    try:
        os.killpg(process.pid, number)
        process.wait(GRACE)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass


def page(out: Path) -> str:
    """What OUT holds, as Markdown.

    Raises:
        InputError: there is nothing.
    """
    records = [json.loads(path.read_text()) for path in sorted(out.glob('*.json'))]
    records = {r['part']: r for r in records if 'part' in r}
    if not records:
        raise InputError(f'{out} has no results: run tools/speed/gpu.py first.')
    lines = ['# On a GPU', '', 'Made by `tools/speed/gpu.py --page` from its results; do not edit.']
    for name in (name for name in PARTS if name in records):
        record = records[name]
        about = f'{record["card"]}, torch {record["torch"]}, {record["date"]}'
        lines += ['', f'## {PARTS[name].what.capitalize()}', '']
        lines += [f'{about}; commit {record["commit"][:12]}; {record["status"]}.', '']
        lines += ['```console', f'$ {record["command"]}', *printed(out / f'{name}.log'), '```']
    return '\n'.join(lines) + '\n'


def printed(log: Path) -> list[str]:
    """The last lines of a log, without those of libraries about themselves."""
    lines = log.read_text(errors='replace').splitlines() if log.is_file() else []
    return [line.rstrip() for line in lines if line.strip() and 'Warning' not in line][-40:]


if __name__ == '__main__':
    cli.run(main)
