"""Hours of small independent computations: in parallel, and never done twice."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import joblib
import numpy as np
import sklearn

from mmbarlow.evaluation.features import Features
from mmbarlow.files import write_atomically
from mmbarlow.progress import progress


def run_tasks(
    function: Callable, tasks: Mapping[str, Sequence], folder: Path, jobs: int | None, title: str
) -> dict:
    """`function(*arguments)` of every task, by the task's name.

    Processes and not threads, since liblinear's random numbers are global to a process. Arrays of
    more than a megabyte reach them as memory maps, and each keeps to one BLAS thread.

    Args:
        function: at the top of a module that is quickly imported; returns what JSON can hold.
        tasks: arguments by name. They are begun in this order: what takes long should come first.
        folder: a file for each result, written as soon as it is there; what has one is not
            computed again. Its name must stand for everything the results depend on beside the
            tasks' names: see `fingerprint`.
        jobs: processes; by default as many as there are cores for this one.
        title: of the progress bar.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in tasks:
        file = folder / f'{name}.json'
        results[name] = json.loads(file.read_text()) if file.is_file() else None
    missing = [name for name in tasks if results[name] is None]

    def named(name: str, arguments: Sequence) -> tuple:  # a closure: travels without this module
        return name, function(*arguments)

    calls = [joblib.delayed(named)(name, tasks[name]) for name in missing]
    jobs = min(jobs or own_cores(), max(1, len(calls)))
    with joblib.parallel_config('loky', inner_max_num_threads=1):
        settings: dict = dict(return_as='generator_unordered', batch_size=1)
        pool = joblib.Parallel(jobs, **settings)
        finished = cast(Iterable, pool(calls))
        for name, result in progress(finished, title, len(calls)):
            write_atomically(folder / f'{name}.json', json.dumps(result))
            results[name] = result
    return results


def own_cores() -> int:
    """The cores of this process, where a launcher has started several on the machine."""
    return max(1, joblib.cpu_count() // int(os.environ.get('LOCAL_WORLD_SIZE', 1)))


def name_of(train: Features, test: Features, *settings) -> str:
    """Of the folder for the results; another scikit-learn may give other ones."""
    arrays = [x.numpy() for split in (train, test) for x in split]
    return fingerprint(*arrays, repr(settings), sklearn.__version__)


def fingerprint(*parts: np.ndarray | Sequence | str) -> str:
    """A name that differs when a number of an array, or anything else, does."""
    digest = hashlib.sha256()
    for part in parts:
        array = isinstance(part, np.ndarray)
        digest.update(repr((part.shape, part.dtype.str) if array else part).encode())
        digest.update(np.ascontiguousarray(part).data if array else b'')
    return digest.hexdigest()[:16]
