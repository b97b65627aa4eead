"""The speed of the loss is compared like with like."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOSS = Path(__file__).parents[3] / 'tools' / 'speed' / 'loss.py'


def test_a_table_and_a_record_of_every_method(tmp_path):
    """In a process of its own, because it forks, which no process may that has computed."""
    record, methods = tmp_path / 'record.json', ['auto', 'mmpretrain']
    options = ['--shapes', '16x32', '--rounds', '1', '--device', 'cpu', '--out', record]
    command = [sys.executable, LOSS, *options, '--methods', *methods]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = json.loads(record.read_text())['rows']
    assert [row['method'] for row in rows] == methods
    assert all(row['ms'] > 0 and row['peak_mb'] >= 0 for row in rows)
    assert 'x the fastest peer' in done.stdout


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [(['--shapes', '256'], 'write N x D as 256x8192'), (['--methods', 'x'], "method 'x' does not")],
)
def test_wrong_arguments_end_in_one_line(run_tool, tmp_path, arguments, says):
    status, _, err = run_tool('speed/loss.py', *arguments, '--device', 'cpu')
    assert (status, says in err) == (2, True)
