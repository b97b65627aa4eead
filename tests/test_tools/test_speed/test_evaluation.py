"""The speed of the evaluation is that of the same results."""

import json

import pytest


def test_a_table_and_a_record_of_the_parts_asked_for(run_tool, tmp_path, monkeypatch):
    monkeypatch.setattr('joblib.cpu_count', lambda: 1)  # processes are slow to start
    record = tmp_path / 'record.json'
    status, out, err = run_tool(
        *('speed/evaluation.py', '--parts', 'svm', '--classes', '2', '--costs', '0.1', '1'),
        *('--svm-shape', '200', '16', '--checked', '2', '--json', record),
    )
    assert status == 0, err
    numbers = json.loads(record.read_text())['svm']
    assert numbers['largest_difference'] == pytest.approx(0, abs=1e-12)
    assert 5 < numbers['mAP'] < 100
    assert 'times_faster' in out
