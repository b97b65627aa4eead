"""CONTRIBUTING.md: each example is one new file and one new config, and works in a fresh tree."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / 'CONTRIBUTING.md').read_text()
SECTIONS = dict(re.findall(r'^## Add a ([\w ]+)\n(.*?)(?=^## |\Z)', PAGE, re.DOTALL | re.MULTILINE))
FILE = re.compile(r'^\*\*(\S+)\*\*\n\n```python\n(.*?)^```$', re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r'^```shell\npython (.*?)\n```$', re.MULTILINE)


@pytest.fixture(scope='module')
def tree(tmp_path_factory) -> Path:
    """A copy of the package, its configs and its tools, with the files of the page and no other."""
    root = tmp_path_factory.mktemp('tree')
    for folder in ('mmbarlow', 'configs', 'tools'):
        ignored = shutil.ignore_patterns('__pycache__', '.mim')
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for section in SECTIONS.values():
        for name, text in FILE.findall(section):
            assert not (root / name).exists()
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
    return root


def run(tree: Path, section: str, *options: str, **names: Path) -> str:
    """What the command of a section writes, with further options and what its names stand for."""
    (config,) = (Path(name).stem for name, _ in FILE.findall(SECTIONS[section]) if 'conf' in name)
    (command,) = COMMAND.findall(SECTIONS[section])
    for name, value in dict(names, NAME=config).items():
        command = command.replace(name, str(value))
    environment = dict(os.environ, PYTHONPATH=str(tree), OMP_NUM_THREADS='1')
    done = subprocess.run(
        [sys.executable, *command.split(), *options],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize('section', ['loss', 'data set', 'benchmark'])
def test_an_example_is_one_module_and_one_config_in_twenty_lines(section):
    files = dict(FILE.findall(SECTIONS[section]))
    assert [Path(name).parts[0] for name in files] == ['mmbarlow', 'configs']
    lines = '\n'.join(files.values()).splitlines()
    assert sum(bool(line) and 'import ' not in line for line in lines) <= 20


def test_the_loss_is_trained(tree, small):
    out = run(tree, 'loss', '--cfg-options', *small)
    losses = re.findall(r'loss (\S+) \(invariance (\S+), redundancy (\S+)\)', out)
    assert losses
    for loss, invariance, redundancy in losses:
        assert float(loss) == pytest.approx(float(invariance) + float(redundancy), rel=1e-3)


def test_the_data_set_is_read(tree, photographs, tmp_path):
    for photograph in photographs:
        shutil.copy(photograph, tmp_path)
    with open(tmp_path / 'images.csv', 'w', newline='') as file:
        csv.writer(file).writerows([['file'], *([path.name] for path in photographs)])
    out = run(tree, 'data set', '--count', '2', FOLDER=tmp_path)
    for photograph in photographs:
        assert f'{photograph.name}, view 2: crop' in out
    assert (tree / 'views.png').exists()


def test_the_benchmark_is_measured(tree):
    out = run(tree, 'benchmark')
    assert float(re.search(r'top1 (\S+)', out)[1]) > 50  # chance is 10
