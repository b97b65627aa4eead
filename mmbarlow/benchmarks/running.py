"""Running the jobs of a suite on a network.

>>> network = read_network('work_dirs/NAME/NAME_backbone.pth')
>>> options = SuiteOptions(network.work_dir, seeds=3)
>>> jobs = plan_jobs(['digits'], network, options)
>>> run_jobs(jobs, network, options, print)
>>> [job.record or job.problem for job in jobs]
"""

import time
from collections.abc import Callable
from dataclasses import replace

from mmbarlow.benchmarks.evaluator import Evaluator
from mmbarlow.benchmarks.jobs import Job, SuiteOptions
from mmbarlow.benchmarks.network import Network
from mmbarlow.config import check_data_folders
from mmbarlow.engine.folder_lock import clear
from mmbarlow.errors import InputError, one_line
from mmbarlow.launch import on_first, prepare_processes, together
from mmbarlow.zoo import records
from mmbarlow.zoo.curve import read_curve


def run_jobs(
    jobs: list[Job], network: Network, options: SuiteOptions, say: Callable[[str], None]
) -> None:
    """Run the jobs that have neither a record nor a problem, so that each gets one of them.

    Args:
        jobs: from `plan_jobs`, for the same network and options. Changed.
        say: gets a line about each job.

    Raises:
        InputError: the checkpoint does not fit the network.
    """
    evaluator = None
    for number, job in enumerate(jobs, 1):
        if not (job.record or job.problem):
            evaluator = evaluator or Evaluator(network.build(), network.encoder_cfg)
            _run(job, evaluator, options, say)
        say(f'[{number}/{len(jobs)}] {job.name}: {job.state}')


def _run(job: Job, evaluator: Evaluator, options: SuiteOptions, say: Callable[[str], None]) -> None:
    """Measure and record; a benchmark that cannot be run does not stop the others."""
    start = time.perf_counter()
    try:
        together(lambda: check_data_folders(job.cfg))
        if options.force:  # an earlier run must not be resumed
            on_first(lambda: clear(job.cfg.work_dir))
        prepare_processes(job.cfg, options.launcher)
        metrics = evaluator.measure(job.cfg, job.blank.benchmark_seed)
        seconds = round(time.perf_counter() - start, 1)
        curve = read_curve(job.cfg.work_dir) or None  # of a training run
        record = replace(job.blank, metrics=metrics, wall_time_s=seconds, curve=curve)
        job.record = record
    except InputError as error:
        job.problem = one_line(error)
        return
    try:
        on_first(lambda: records.write(record, options.records, options.force))
    except InputError as error:  # the result is there all the same
        say(f'warning: {job.name} has no record: {one_line(error)}')
