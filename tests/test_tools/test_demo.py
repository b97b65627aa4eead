"""The demo from beginning to end at two epochs, and the commands the README shows."""

import argparse
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_prints_a_table_and_draws_three_pictures(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / 'tools/demo.py', '--epochs', '2', '--work-dir', tmp_path],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout[done.stdout.index('digits, 360 test images') :]
    assert [line[:18].strip() for line in table.splitlines()[1:4]] == [
        'raw pixels',
        'untrained network',
        'Barlow Twins',
    ]
    for name in ('curve', 'cross_correlation', 'features'):
        picture = Image.open(tmp_path / f'{name}.png').convert('L')
        assert len(picture.getcolors()) > 20, f'{name}.png is empty'


def shown(pattern: str) -> list[str]:
    """Command lines of the README, docs, configs and tools that match."""
    files = [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')]
    files += [*(ROOT / 'configs').rglob('*.py'), *(ROOT / 'tools').rglob('*.py')]
    texts = [re.sub(r'\\\n\s*', '', f.read_text()) for f in files]  # a line goes on after \
    lines = {line.split('  #')[0].strip() for text in texts for line in text.splitlines()}
    return sorted(line for line in lines if re.match(pattern, line))


@pytest.mark.parametrize('command', shown(r'(python )?tools/[\w/]+\.(py|sh) '))
def test_every_command_shown_parses(command, monkeypatch):
    words = shlex.split(command.removeprefix('python '))
    name, *arguments = (word for word in words if not word.startswith('${'))  # an array of options
    if name.endswith('.sh'):  # dist_train.sh CONFIG GPUS [...]: the number is for the launcher
        assert arguments.pop(1).isdigit()
        if '--max-restarts' in arguments:  # of torchrun
            at = arguments.index('--max-restarts')
            del arguments[at : at + 2]
    name = re.sub(r'dist_(\w+)\.sh', r'\1.py', name)
    for argument in arguments:
        if argument.startswith('configs/') and 'NAME' not in argument:
            assert (ROOT / argument).is_file(), argument

    class Parsed(Exception):
        pass

    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, *_):
        parse(self)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', parse_and_stop)
    monkeypatch.setattr(sys, 'argv', [name, *arguments])
    monkeypatch.syspath_prepend((ROOT / name).parent)  # as Python does for a script
    with pytest.raises(Parsed):
        runpy.run_path(str(ROOT / name))['main']()


@pytest.mark.parametrize('command', shown('make '))
def test_every_make_command_shown_exists(command):
    target = command.split()[1]
    assert re.search(f'^{target}:', (ROOT / 'Makefile').read_text(), re.MULTILINE)
