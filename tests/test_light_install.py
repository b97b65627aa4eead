"""What `pip install mmbarlow` gives without an extra: every module imports, and folders train."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

ROOT = Path(__file__).parents[1]
IMPORT_NAMES = {
    'onedl-mmdetection': 'mmdet',
    'onedl-mmsegmentation': 'mmseg',
    'imagecorruptions-imaug': 'imagecorruptions',
}
WITHOUT = """
import sys
for name in {names}:
    sys.modules[name] = None  # an import of it is an ImportError
"""
EVERY_MODULE = """
import importlib, pkgutil, mmbarlow
for module in pkgutil.walk_packages(mmbarlow.__path__, 'mmbarlow.'):
    room = module.name.split('.')[1]
    if room not in ('detection', 'segmentation', '__main__'):
        importlib.import_module(module.name)
"""
COMMAND = """
from mmbarlow.commands.main import command_line
command_line()
"""


def optional_packages() -> list[str]:
    """The import names of what only the extras for users bring."""
    lines = [
        line
        for extra in ('detection', 'segmentation', 'dicom', 'export', 'formats', 'robustness')
        for line in (ROOT / 'requirements' / f'{extra}.txt').read_text().splitlines()
    ]
    names = [re.match(r'[\w-]+', line)[0] for line in lines if re.match(r'\w', line)]
    return [IMPORT_NAMES.get(name, name) for name in names]


def run_without(
    code: str, *arguments: object, names: list[str] | None = None
) -> subprocess.CompletedProcess:
    """Run Python without some packages, all optional ones by default."""
    script = WITHOUT.format(names=names or optional_packages()) + code
    command = [sys.executable, '-W', 'ignore', '-c', script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_every_module_imports():
    assert {'mmdet', 'onnx', 'timm', 'imagecodecs', 'pydicom', 'tifffile'} <= set(
        optional_packages()
    )
    done = run_without(EVERY_MODULE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ('kind', 'names'), [('png', None), ('npy', None), ('tif', ['imagecodecs'])]
)
def test_a_folder_trains(kind, names, tmp_path):
    folder, run = tmp_path / 'images', tmp_path / 'run'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in range(16):
        pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
        if kind == 'png':
            Image.fromarray(pixels).save(folder / f'{name}.png')
        elif kind == 'npy':
            np.save(folder / f'{name}.npy', pixels)
        else:  # uncompressed
            tifffile.imwrite(folder / f'{name}.tif', pixels[..., 0].astype(np.uint16) * 16)
    size = ['--epochs', 1, '--batch-size', 8, '--workers', 0]
    done = run_without(COMMAND, 'pretrain', folder, '--out', run, *size, names=names)
    assert done.returncode == 0, done.stderr
    assert list(run.glob('*_backbone.pth'))


@pytest.mark.parametrize(
    ('name', 'content', 'extra'),
    [('a.tif', b'II*\0', 'formats'), ('a.dcm', bytes(128) + b'DICM', 'dicom')],
)
def test_a_file_says_which_extra_reads_it(name, content, extra, tmp_path):
    (tmp_path / name).write_bytes(content)
    done = run_without(COMMAND, 'verify', tmp_path)
    assert done.returncode, done.stdout
    assert f"pip install 'mmbarlow[{extra}]'" in done.stdout + done.stderr
    assert 'Traceback' not in done.stderr
