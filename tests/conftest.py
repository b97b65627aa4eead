"""Running the tools inside the test process, where importing everything is paid for once."""

import functools
import gc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from PIL import Image, ImageDraw

from mmbarlow import cli

ROOT = Path(__file__).parents[1]


def pytest_runtest_setup(item) -> None:
    if item.get_closest_marker('gpu') and not torch.cuda.is_available():
        pytest.skip('there is no GPU')


@pytest.fixture(scope='module', autouse=True)
def _quick_runs() -> Iterator[None]:
    """Without this, runs of two iterations mostly format configs and look through what pytest and
    the libraries hold in memory for garbage."""
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **_: (text, True))
        yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _logs_of_their_own(monkeypatch) -> None:
    """MMEngine names a run by the second, and gives the next one of that name the same log."""
    build = Runner.__init__

    @functools.wraps(build)
    def build_alone(self, *args, **kwargs):
        for logger in MMLogger._instance_dict.values():
            for handler in logger.handlers:
                handler.close()
        for kind in (MMLogger, MessageHub, Visualizer):
            kind._instance_dict.clear()
        build(self, *args, **kwargs)

    monkeypatch.setattr(Runner, '__init__', build_alone)


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Call a tool as the shell would; returns (exit status, stdout, stderr)."""

    def run(name: str, *arguments: str | Path) -> tuple[int, str, str]:
        path = ROOT / 'tools' / name
        monkeypatch.syspath_prepend(path.parent)  # as Python does for a script
        spec = importlib.util.spec_from_file_location(path.stem, path)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        monkeypatch.setattr(sys, 'argv', [f'tools/{name}', *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            cli.run(tool.main)
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run


@pytest.fixture(scope='session')
def run_processes():
    """Run a script under torchrun in several CPU processes, on a free port, one thread each.

    Returns when all have ended well; fails, with what they wrote, when one does not or when they
    take longer than five minutes, as processes that wait for each other do.
    """

    def run(processes: int, script: str | Path, *arguments: str | Path) -> None:
        command = [sys.executable, '-m', 'torch.distributed.run', '--standalone']
        command += ['--nproc_per_node', str(processes), str(script), *map(str, arguments)]
        environment = dict(
            os.environ, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', PYTHONPATH=str(ROOT)
        )
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as torchrun:
            try:
                written, _ = torchrun.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                torchrun.terminate()  # not kill: torchrun then ends its processes
                written, _ = torchrun.communicate()
        assert torchrun.returncode == 0, f'{processes} processes of {script} wrote:\n{written}'

    return run


@pytest.fixture
def digits_config() -> Path:
    (path,) = (ROOT / 'configs' / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')
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
    """Options that make a training run on digits a matter of two steps."""
    return SMALL


@pytest.fixture(scope='session')
def photographs() -> list[Path]:
    """The two JPEG files that scikit-learn ships, 640 x 427 pixels."""
    folder = Path(sklearn.datasets.__file__).parent / 'images'
    return [folder / 'china.jpg', folder / 'flower.jpg']


@pytest.fixture(scope='session')
def make_voc():
    """Write a miniature of VOC in its own layout, for splits of objects by image.

    `{'trainval': {'000001': [('cow', 0), ('dog', 1, (5, 5, 20, 15))]}}` has an image with a cow and
    a dog, the second of which is difficult and has a box: left, top, right and bottom, counted
    from 1. There it is painted on the noise of the image, with the shape and color of its class.
    """

    def write(
        root: Path,
        splits: dict[str, dict[str, list[tuple]]],
        year: int = 2007,
        size: tuple[int, int] = (50, 30),
    ) -> Path:
        devkit, rng = root / 'VOCdevkit' / f'VOC{year}', np.random.default_rng(0)
        for folder in ('ImageSets/Main', 'Annotations', 'JPEGImages'):
            (devkit / folder).mkdir(parents=True, exist_ok=True)
        for split, images in splits.items():
            names = '\n'.join(images) + '\n'
            (devkit / 'ImageSets' / 'Main' / f'{split}.txt').write_text(names)
            for name, objects in images.items():
                (devkit / 'Annotations' / f'{name}.xml').write_text(annotation(name, size, objects))
                pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
                image = Image.fromarray(pixels)
                for kind, _, *box in objects:
                    if box:
                        paint(image, kind, box[0])
                image.save(devkit / 'JPEGImages' / f'{name}.jpg', quality=95)
        return root

    return write


def annotation(name: str, size: tuple[int, int], objects: list[tuple]) -> str:
    """Of one image, as the devkit has it."""
    found = ''
    for kind, difficult, *box in objects:
        sides = zip(('xmin', 'ymin', 'xmax', 'ymax'), box[0] if box else (), strict=False)
        corners = ''.join(f'<{side}>{value}</{side}>' for side, value in sides)
        found += (
            f'<object><name>{kind}</name><truncated>1</truncated>'
            f'<difficult>{difficult}</difficult><bndbox>{corners}</bndbox></object>'
        )
    width, height = size
    return (
        f'<annotation><filename>{name}.jpg</filename>'
        f'<size><width>{width}</width><height>{height}</height></size>{found}</annotation>'
    )


def paint(image: Image.Image, kind: str, box: tuple[int, int, int, int]) -> None:
    """A rectangle or an ellipse that fills `box`, counted from 1, its last row and column in it."""
    key = sum(kind.encode())
    corners = [side - 1 for side in box]
    draw = ImageDraw.Draw(image)
    shape = draw.ellipse if key % 2 else draw.rectangle
    shape(corners, fill=tuple(255 * (key >> bit & 1) for bit in (1, 2, 3)))
