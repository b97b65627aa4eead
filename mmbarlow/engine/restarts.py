"""Runs that torchrun or Slurm start again, and how they find what they have done before."""

import os
import subprocess
from pathlib import Path

from mmbarlow.engine.attempt import STARTED
from mmbarlow.engine.last_checkpoint import latest_checkpoint
from mmbarlow.errors import InputError
from mmbarlow.zoo.curve import START, read_start


def jobs(restarted: bool = False) -> set[str]:
    """What has started this process, by names that its restarts share and other runs do not.

    Args:
        restarted: only what has started it again.
    """
    found = {}
    if job := os.environ.get('SLURM_JOB_ID'):
        found[f'Slurm {job}'] = os.environ.get('SLURM_RESTART_COUNT')
    if file := os.environ.get('TORCHELASTIC_ERROR_FILE'):  # LOGS_OF_TORCHRUN/attempt_K/RANK/FILE
        found[str(Path(file).parents[2])] = os.environ.get('TORCHELASTIC_RESTART_COUNT')
    return {name for name, count in found.items() if not restarted or int(count or 0) > 0}


def own_checkpoint(work_dir: str) -> str | None:
    """The last checkpoint that this run has written before it was started again, if it was.

    A folder that belongs to another run has none: that one is neither resumed nor replaced.
    """
    again = jobs(restarted=True)
    starts = sorted(p for p in Path(work_dir).glob('*') if again and STARTED.fullmatch(p.name))
    own = [p / START for p in starts if again & set((read_start(p) or {}).get('jobs', ()))]
    path = latest_checkpoint(work_dir) if own else None
    if path is None or Path(path).stat().st_mtime_ns < own[0].stat().st_mtime_ns:
        return None
    if os.environ.get('RANK', '0') == '0':
        print(f'started again: {path} is resumed')
    return path


def check_requeue(wanted: bool) -> None:
    """Raises InputError if there is no job to queue again."""
    if wanted and 'SLURM_JOB_ID' not in os.environ:
        raise InputError(
            '--requeue is for jobs of Slurm, and the environment lacks SLURM_JOB_ID: start with '
            'tools/slurm_train.sh, or leave --requeue out.'
        )


def requeue() -> str:
    """Ask Slurm to queue this job again; returns what came of it, in words."""
    job = os.environ['SLURM_JOB_ID']
    if 'SLURM_ARRAY_JOB_ID' in os.environ:  # the last one of an array has the number of the array
        job = f'{os.environ["SLURM_ARRAY_JOB_ID"]}_{os.environ["SLURM_ARRAY_TASK_ID"]}'
    try:
        subprocess.run(
            ['scontrol', 'requeue', job], check=True, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        why = (getattr(error, 'stderr', None) or str(error)).strip().splitlines()[-1]
        return f'Slurm has not queued job {job} again ({why}): the same command with --resume'
    return f'Slurm has queued job {job} again, which'
