"""Running the tools inside the test process, where importing everything is paid for once."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmbarlow import cli

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Call a tool as the shell would; returns (exit status, stdout, stderr)."""

    def run(name: str, *arguments: str | Path) -> tuple[int, str, str]:
        spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / 'tools' / name)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        monkeypatch.setattr(sys, 'argv', [f'tools/{name}', *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            cli.run(tool.main)
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run


@pytest.fixture
def digits_config() -> Path:
    (path,) = (ROOT / 'configs' / 'barlowtwins').glob('*_digits.py')
    return path


SMALL = [
    'train_cfg.max_epochs=1',
    'param_scheduler.warmup=0',
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'train_dataloader.dataset.indices=32',
    'model.neck.hid_channels=16',
    'model.neck.out_channels=16',
    'model.head.in_channels=16',
]


@pytest.fixture
def small() -> list[str]:
    """Options that make a training on digits a matter of two steps."""
    return SMALL


@pytest.fixture(scope='session')
def make_voc():
    """Write a miniature of VOC 2007 in its own layout, for splits of objects by image.

    `{'trainval': {'000001': [('cow', 0), ('dog', 1)]}}` has an image with a cow and a dog, the
    second of which is difficult.
    """

    def write(root: Path, splits: dict[str, dict[str, list[tuple[str, int]]]]) -> Path:
        devkit, rng = root / 'VOCdevkit' / 'VOC2007', np.random.default_rng(0)
        for folder in ('ImageSets/Main', 'Annotations', 'JPEGImages'):
            (devkit / folder).mkdir(parents=True, exist_ok=True)
        for split, images in splits.items():
            names = '\n'.join(images) + '\n'
            (devkit / 'ImageSets' / 'Main' / f'{split}.txt').write_text(names)
            for name, objects in images.items():
                boxes = ''.join(
                    f'<object><name>{c}</name><truncated>1</truncated>'
                    f'<difficult>{difficult}</difficult></object>'
                    for c, difficult in objects
                )
                xml = f'<annotation><filename>{name}.jpg</filename>{boxes}</annotation>'
                (devkit / 'Annotations' / f'{name}.xml').write_text(xml)
                pixels = rng.integers(0, 256, (30, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(devkit / 'JPEGImages' / f'{name}.jpg')
        return root

    return write
