"""Where a result came from: commit, package versions, hardware, date."""

import os
import platform
import re
import shlex
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import torch

from mmbarlow.paths import CLONE
from mmbarlow.version import __version__
from mmbarlow.zoo.names import one_line_of

# What a result depends on. The records themselves are not: adding one changes no later result.
CODE = ('mmbarlow', 'configs', 'tools', 'requirements', 'setup.py', ':!mmbarlow/zoo/records')
PACKAGES = (
    *('torch', 'torchvision', 'mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg'),
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


def command() -> str:
    """What was typed to start this process: a tool, or `mmbarlow` with its arguments."""
    script = Path(sys.argv[0])
    tool = ['python', f'tools/{script.name}'] if script.parent.name == 'tools' else ['mmbarlow']
    return one_line_of(shlex.join([*tool, *sys.argv[1:]]))


def commit(root: Path = CLONE) -> str:
    """The commit checked out at `root`, with -dirty where the code differs from it.

    'unknown' where `root` is not a checkout of its own: an installed package can lie inside the
    repository of another project.
    """
    top = _git(root, 'rev-parse', '--show-toplevel')
    head = _git(root, 'rev-parse', '--verify', 'HEAD')
    if not top or not head or Path(top).resolve() != root.resolve():
        return 'unknown'
    return head + ('-dirty' if _git(root, 'status', '--porcelain', '--', *CODE) else '')


def versions() -> dict[str, str]:
    """Versions of Python, of mmbarlow and of the installed distributions it computes with."""
    # By import name, since the mm packages come from more than one distribution.
    distributions = metadata.packages_distributions()
    found = {name: metadata.version(name) for p in PACKAGES for name in distributions.get(p, [])}
    return {'python': platform.python_version(), 'mmbarlow': __version__, **found}


def hardware() -> str:
    """In words: the CPU with the number of cores this process may use, and the GPUs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    about = Path('/proc/cpuinfo')
    model = re.search(r'model name\s*:(.+)', about.read_text()) if about.is_file() else None
    name = model[1].strip() if model else platform.processor() or platform.machine()
    cpu = f'{name}, {cores} {"core" if cores == 1 else "cores"}'
    gpus = Counter(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
    return one_line_of('; '.join([cpu, *(f'{n} x {gpu}' for gpu, n in gpus.items())]))


def _git(root: Path, *arguments: str) -> str:
    """Output of a git command; '' where it fails or there is no git."""
    command = ['git', '-C', root, *arguments]
    try:
        return subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ''
