"""What processes tell each other is timed, with two of them on a CPU."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / 'tools' / 'speed' / 'collectives.py'


def test_each_number_of_processes_has_its_rows_and_two_wait_for_each_other(tmp_path):
    out = tmp_path / 'collectives.json'
    run = [sys.executable, TOOL, '--device', 'cpu', '--processes', '1', '2', '--out', out]
    run += ['--rows', '8', '--dims', '32', '--numbers', '1000', '--rounds', '3']
    ended = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    told = ended.stdout
    rows = {(r['processes'], r['task']): r for r in json.loads(out.read_text())['rows']}
    tasks = 'gradient', 'embeddings', 'statistics', 'loss, all processes', 'loss, one process'
    assert list(rows) == [(processes, task) for processes in (1, 2) for task in tasks]
    assert {row['mb'] for row in rows.values() if row['processes'] == 1} == {0}
    assert rows[2, 'gradient']['mb'] == pytest.approx(0.004)
    assert rows[2, 'embeddings']['mb'] == pytest.approx(2 * 8 * 32 * 4 / 1e6)
    assert rows[2, 'statistics']['ms'] > rows[1, 'statistics']['ms'] > 0
    assert told.count(' ms') == 10


def test_more_processes_than_gpus_is_one_sentence(run_tool):
    status, _, err = run_tool('speed/collectives.py', '--device', 'cuda', '--processes', '99')
    assert status == 2
    assert 'each needs its own' in err
    assert err.count('\n') == 1
