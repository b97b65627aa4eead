"""Where a result came from: commit, package versions, hardware, date."""

import os
import platform
import subprocess
from collections import Counter
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import torch

from mmbarlow.paths import CLONE
from mmbarlow.version import __version__

# What a result depends on. The records themselves are not: adding one changes no later result.
SOURCES = ('mmbarlow', 'configs', 'tools', 'requirements', 'setup.py', ':!mmbarlow/zoo/records')
PACKAGES = (
    *('torch', 'torchvision', 'mmengine', 'mmcv', 'mmpretrain', 'mmdet'),
    *('pycocotools', 'numpy', 'sklearn'),
)


def provenance() -> dict:
    """The fields `commit`, `versions`, `hardware` and `date` of a record made now."""
    return dict(
        commit=commit(),
        versions=versions(),
        hardware=hardware(),
        date=datetime.now(timezone.utc).date().isoformat(),
    )


def commit(root: Path = CLONE) -> str:
    """The commit checked out at `root`, with -dirty where the code differs from it.

    'unknown' where `root` is not a checkout of its own: an installed package can lie inside the
    repository of another project.
    """
    top = _git(root, 'rev-parse', '--show-toplevel')
    head = _git(root, 'rev-parse', '--verify', 'HEAD')
    if not top or not head or Path(top).resolve() != root.resolve():
        return 'unknown'
    return head + ('-dirty' if _git(root, 'status', '--porcelain', '--', *SOURCES) else '')


def versions() -> dict[str, str]:
    """Versions of Python, of mmbarlow and of the installed distributions it computes with."""
    # By import name, since the mm packages come from more than one distribution.
    distributions = metadata.packages_distributions()
    found = {name: metadata.version(name) for p in PACKAGES for name in distributions.get(p, [])}
    return {'python': platform.python_version(), 'mmbarlow': __version__, **found}


def hardware() -> str:
    """In words: the CPU with the number of cores this process may use, and the GPUs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    parts = [f'{_cpu_model()}, {cores} {"core" if cores == 1 else "cores"}']
    gpus = Counter(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
    return '; '.join(parts + [f'{count} x {name}' for name, count in gpus.items()])


def _cpu_model() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        return next(
            line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str:
    """Output of a git command; '' where it fails or there is no git."""
    try:
        done = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True)
    except OSError:
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''
