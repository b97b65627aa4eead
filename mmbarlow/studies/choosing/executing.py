"""Running the study: each training in a process of its own, some at a time."""

import multiprocessing
import os
import shutil
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch

from mmbarlow.engine.pretraining import pretrain
from mmbarlow.errors import InputError, one_line, printable
from mmbarlow.files import write_atomically
from mmbarlow.studies.choosing.measuring import MeasuringHook
from mmbarlow.studies.choosing.trainings import CHECKPOINTS, Training


def record_of(training: Training, folder: Path) -> Path:
    """The file with a line for each of its checkpoints; it is there once the run has ended."""
    return folder / f'{training.name}.jsonl'


def train_all(
    trainings: list[Training],
    folder: Path,
    cifar10: str,
    jobs: int,
    say: Callable[[str], None],
) -> list[str]:
    """Run those that have no record yet, `jobs` at a time; returns a line for each that could not.

    A run that ends early, since its loss is not finite, counts with the checkpoints until then.
    """
    todo = [t for t in trainings if not record_of(t, folder).is_file()]
    folder.mkdir(parents=True, exist_ok=True)
    problems, begin = [], time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(_in_a_process, t, folder, cifar10): t for t in todo}
        try:
            for number, future in enumerate(as_completed(futures), 1):
                training = futures[future]
                try:
                    told = future.result()
                except (InputError, RuntimeError) as error:  # of one run; the others go on
                    told = f'failed: {printable(error)}'
                    problems.append(f'{training.name} {told}')
                passed = (time.perf_counter() - begin) / 60
                say(f'[{number}/{len(todo)}, {passed:.0f} min] {training.name}: {told}')
        except KeyboardInterrupt:  # or another signal
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return problems


def _in_a_process(*training: Any) -> str:
    """`train_one` in a new process, which leaves with all that it holds."""
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(train_one, *training).result()


def train_one(training: Training, folder: Path, cifar10: str) -> str:
    """Train and measure one run; returns what is to be told of it.

    Raises:
        InputError: it cannot start, or ended before its first checkpoint.
    """
    torch.set_num_threads(1)
    # The pool spawns its processes, and MMEngine has its loaders fork theirs.
    warnings.filterwarnings('ignore', 'Multi-processing start method')
    start, work_dir = time.perf_counter(), folder / 'work' / training.name
    shutil.rmtree(work_dir, ignore_errors=True)
    lines = work_dir.with_suffix('.lines')
    lines.unlink(missing_ok=True)
    cfg = training.cfg(str(work_dir), cifar10)
    about = dict(run=training.name, dataset=training.dataset, varies=training.varies)
    hook = dict(
        type=f'mmbarlow.{MeasuringHook.__name__}',  # registered by its import
        path=os.path.abspath(lines),
        about=about | dict(config=training.config, seed=training.seed),
        checkpoints=CHECKPOINTS,
        folds=training.dataset == 'digits',
    )
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    told = ''
    try:
        pretrain(cfg, quiet=True)
    except InputError as error:
        if not lines.is_file():
            raise
        told = f', ended early: {one_line(error)}'
    text = lines.read_text()
    write_atomically(record_of(training, folder), text)
    lines.unlink()
    shutil.rmtree(work_dir)
    return f'{len(text.splitlines())} checkpoints, {time.perf_counter() - start:.0f} s{told}'
