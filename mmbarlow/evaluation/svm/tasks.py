"""Hours of small independent computations: in parallel, and never done twice."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    more than a megabyte reach them as memory maps, and each uses one BLAS thread.

    Args:
        function: at the top of a module that is quick to import; returns what JSON can hold.
        tasks: arguments by name. They are started in this order: slow ones should come first.
        folder: gets a file for each result as soon as it is known; a task that has one is not
            computed again. The folder's name must stand for everything the results depend on
            besides the tasks' names: see `results_name`.
        jobs: processes; by default as many as there are cores for this one.
        title: of the progress bar.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f'{name}.json' for name in tasks}
    results = {name: json.loads(f.read_text()) for name, f in files.items() if f.is_file()}

    def named(name: str, arguments: Sequence) -> tuple:  # a closure: travels without this module
        return name, function(*arguments)

    calls = [joblib.delayed(named)(name, tasks[name]) for name in tasks if name not in results]
    # Its share of the cores where a launcher has started several processes on the machine.
    cores = max(1, joblib.cpu_count() // int(os.environ.get('LOCAL_WORLD_SIZE', 1)))
    jobs = min(jobs or cores, max(1, len(calls)))
    with joblib.parallel_config('loky', inner_max_num_threads=1):
        settings: dict[str, Any] = dict(return_as='generator_unordered', batch_size=1)
        parallel: Any = joblib.Parallel(jobs, **settings)
        for name, result in progress(parallel(calls), title, len(calls)):
            write_atomically(files[name], json.dumps(result))
            results[name] = result
    return results


def results_name(train: Features, test: Features, *settings) -> str:
    """A name for the folder of results that depend on features, labels and settings.

    It changes with any number of them, and with the version of scikit-learn.
    """
    digest = hashlib.sha256()
    for array in (x.numpy() for split in (train, test) for x in split):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    for text in (repr(settings), sklearn.__version__):
        digest.update(repr(text).encode())
    return digest.hexdigest()[:16]
