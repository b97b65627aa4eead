"""Without mmdet, or mmcv's compiled operators: detection says how to get them, the rest works."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HIDING = """
import runpy, sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in {modules!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)

sys.meta_path.insert(0, Hidden())
sys.argv = {command!r}
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def run_without(modules: list[str], *command: str | Path) -> subprocess.CompletedProcess:
    """Run a tool in a process that has no such modules."""
    code = HIDING.format(modules=modules, command=[str(part) for part in command])
    return subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize('module', ['mmdet', 'mmcv._ext'])
def test_a_detection_command_says_in_one_line_how_to_get_what_it_needs(module, tmp_path):
    config = 'configs/benchmarks/voc_detection/faster-rcnn-c4-moco_voc0712.py'
    done = run_without([module], 'tools/train.py', config, '--work-dir', tmp_path / 'run')
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith('error: detection needs ')
    assert f"No module named '{module}'" in done.stderr
    assert '`make .venv/full`' in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'run').exists()


@pytest.mark.slow
def test_a_pretraining_does_not_need_mmdet(digits_config, small, tmp_path):
    command = ['tools/train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small]
    done = run_without(['mmdet'], *command)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f'{digits_config.stem}_backbone.pth').is_file()
