"""What the package imports is declared, and what it misses is named with its extra."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / 'mmbarlow').rglob('*.py'))
EXTRAS = (  # for users
    *('detection', 'segmentation', 'dicom', 'formats', 'export', 'tracking'),
    'robustness',
)
WITH_TORCH = {'triton'}  # it comes with torch for GPUs, and cannot be had for CPUs

ELSEWHERE = """
import os, signal, sys
import mmdet, mmpretrain, mmseg, torch.distributed.run, torchvision  # they have ways of their own
for name in ('fcntl', 'termios', 'pwd'):
    sys.modules[name] = None
for module, names in (
    (os, 'pread pwrite fork register_at_fork sysconf sched_getaffinity posix_fadvise'),
    (signal, 'SIGHUP SIGQUIT SIGUSR1 SIGUSR2 sigwaitinfo sigtimedwait pthread_sigmask'),
):
    for name in names.split():
        delattr(module, name)
import importlib, pkgutil, mmbarlow
for module in pkgutil.walk_packages(mmbarlow.__path__, 'mmbarlow.'):
    if module.name != 'mmbarlow.__main__':
        importlib.import_module(module.name)
from mmbarlow.commands.main import command_line
command_line()
"""


def declared(*names: str) -> set[str]:
    """Normalized names of the distributions in files of requirements."""
    text = '\n'.join((ROOT / 'requirements' / f'{name}.txt').read_text() for name in names)
    return {normal(name) for name in re.findall(r'^[\w-]+', text, re.MULTILINE)}


def normal(name: str) -> str:
    return name.lower().replace('_', '-')


packages = cache(packages_distributions)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def distributions(module: str) -> set[str]:
    """Those that bring a module; its own name stands for one that is not installed."""
    return {normal(name) for name in packages().get(module, [module])}


def asked_for() -> Iterator[tuple[str, str]]:
    """A package and its extra, of each call of `optional.package`."""
    for path in PACKAGE:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'package':
                name, _, *extra = (getattr(given, 'value', None) for given in node.args)
                if isinstance(name, str):
                    yield name, *(extra or ['export'])


def imported() -> dict[str, set[str]]:
    """Each package of others that is imported, at once or late, with the rooms that do so."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE:
        for node in ast.walk(parsed(path)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or '']
            for name in {name.split('.')[0] for name in names}:
                found.setdefault(name, set()).add(path.relative_to(ROOT / 'mmbarlow').parts[0])
    return {n: rooms for n, rooms in found.items() if n not in sys.stdlib_module_names}


def test_every_import_is_declared_and_every_requirement_is_imported():
    own = {'mmbarlow', *WITH_TORCH}
    modules = {*imported(), *(name for name, _ in asked_for())} - own
    assert {'cv2', 'rich', 'joblib', 'PIL'} <= modules
    known = declared('runtime', *EXTRAS)
    assert {name for name in modules if not distributions(name) & known} == set()
    used = set().union(*map(distributions, modules))
    assert declared('runtime') - used == set()


def test_what_only_an_extra_brings_is_imported_late_or_in_its_own_room():
    at_once = {
        name
        for path in PACKAGE
        if path.relative_to(ROOT / 'mmbarlow').parts[0] not in ('detection', 'segmentation')
        for node in parsed(path).body
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, 'level', 0)
        for name in [(getattr(node, 'module', None) or node.names[0].name).split('.')[0]]
    }
    outside = at_once - sys.stdlib_module_names - {'mmbarlow'}
    assert {name for name in outside if not distributions(name) & declared('runtime')} == set()


def test_a_missing_package_is_named_with_an_extra_that_has_it():
    calls = set(asked_for())
    assert {('pydicom', 'dicom'), ('h5py', 'formats'), ('timm', 'export')} <= calls
    files = dict(formats=('formats', 'dicom'))
    wrong = [
        (name, extra)
        for name, extra in calls
        if not distributions(name) & declared(*files.get(extra, (extra,)))
    ]
    assert wrong == []


def test_a_folder_trains_without_what_only_unix_has(tmp_path):
    folder, run = tmp_path / 'images', tmp_path / 'run'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in range(16):
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)).save(folder / f'{name}.png')
    size = ['--epochs', '1', '--batch-size', '8', '--workers', '0', '--backbone', 'resnet18']
    command = [sys.executable, '-W', 'ignore', '-c', ELSEWHERE, 'pretrain', folder, '--out', run]
    done = subprocess.run([*command, *size], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert list(run.glob('*_backbone.pth'))
