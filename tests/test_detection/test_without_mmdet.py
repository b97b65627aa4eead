"""Without mmdet, or mmcv's compiled operators: detection says how to get them, the rest works."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/benchmarks/voc_detection/faster-rcnn-c4-moco_voc0712.py'
# One process for all commands: it imports torch and the rest once.
RUN_HIDING = """
import contextlib, io, json, runpy, sys
from importlib.abc import MetaPathFinder

class Hiding(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == Hiding.module:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Hiding())
results = []
for Hiding.module, sys.argv in json.loads(sys.argv[1]):
    for name in [name for name in sys.modules if name.startswith(Hiding.module)]:
        del sys.modules[name]
    with contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            runpy.run_path(sys.argv[0], run_name='__main__')
        except SystemExit as stopped:
            results.append((stopped.code, err.getvalue()))
print(json.dumps(results))
"""


def run_hiding(*commands: tuple[str, list]) -> list[tuple[int, str]]:
    """Run tools one after another, each without a module; returns exit status and stderr."""
    given = json.dumps([(module, list(map(str, command))) for module, command in commands])
    process = [sys.executable, '-c', RUN_HIDING, given]
    done = subprocess.run(process, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_detection_says_in_one_line_what_it_needs_and_pretraining_does_not_need_it(
    digits_config, small, tmp_path
):
    detection = ['tools/train.py', CONFIG, '--work-dir', tmp_path / 'detection']
    pretraining = ['tools/train.py', digits_config, '--work-dir', tmp_path / 'pretraining']
    missing = 'mmcv._ext', 'mmdet'
    *refused, pretrained = run_hiding(
        *((module, detection) for module in missing),
        ('mmdet', [*pretraining, '--cfg-options', *small]),
    )
    for module, (status, err) in zip(missing, refused, strict=True):
        assert status == 2
        assert err.splitlines()[-1].startswith('error: detection needs ')
        assert f"No module named '{module}'" in err
        assert '`make .venv/full`' in err
        assert 'Traceback' not in err
    assert not (tmp_path / 'detection').exists()
    assert not pretrained[0], pretrained[1]
    assert (tmp_path / 'pretraining' / f'{digits_config.stem}_backbone.pth').is_file()
