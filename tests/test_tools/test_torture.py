"""The torture of runs, reduced: each part does what it says and finds nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_is_lost_when_runs_are_killed_stopped_and_fed_with_broken_files(tmp_path):
    command = [sys.executable, ROOT / 'tools' / 'torture.py', '--out', tmp_path / 'found.json']
    command += ['--kills', '1', '--only', 'plain', '--steps', '60', '--files', '20']
    done = subprocess.run(
        command,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / 'found.json').read_text())
    assert [(part['keep'], part['kills'], part['lost']) for part in found['kills']] == [
        (1, 1, 0),
        (2, 1, 0),
    ]
    (resumed,) = found['resumes']
    assert len(resumed['stopped_at']) == 3
    assert not resumed['lost']
    (long,) = found['leaks']
    # One more is open while a checkpoint is being written.
    assert long['last']['open_files'] <= long['first']['open_files'] + 1
    assert found['files'][0]['files'] == 20
