"""The benchmark of the loss compares like with like."""

import json

import pytest


def test_a_table_and_a_record_of_every_method(run_tool, tmp_path):
    record = tmp_path / 'record.json'
    methods = ['auto', 'mmpretrain']
    status, out, _ = run_tool(
        'benchmark_loss.py', '--shapes', '16x32', '--methods', *methods, '--rounds', '1',
        '--device', 'cpu', '--out', record,
    )  # fmt: skip
    assert status == 0
    rows = json.loads(record.read_text())['rows']
    assert [row['method'] for row in rows] == methods
    assert all(row['ms'] > 0 and row['peak_mb'] >= 0 for row in rows)
    assert 'x the fastest peer' in out


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [(['--shapes', '256'], 'write N x D as 256x8192'), (['--methods', 'x'], "method 'x' does not")],
)
def test_wrong_arguments_end_in_one_line(run_tool, tmp_path, arguments, says):
    status, _, err = run_tool('benchmark_loss.py', *arguments, '--device', 'cpu')
    assert (status, says in err) == (2, True)
