"""The table of the loss of several views."""

import json

import pytest


def test_a_row_of_each_number_of_views_over_two(run_tool, tmp_path):
    record = tmp_path / 'record.json'
    status, out, err = run_tool(
        *('speed/several_views.py', '--shapes', '8x32', '--views', '2', '3', '--rounds', '1'),
        *('--device', 'cpu', '--out', record),
    )
    assert status == 0, err
    rows = json.loads(record.read_text())['rows']
    names = ['2 views, all at once', '3 views, all at once', '3 views, pairwise']
    assert [row['case'] for row in rows] == names
    assert rows[0]['times'] == 1
    assert rows[1]['times'] == pytest.approx(rows[1]['ms'] / rows[0]['ms'])
    assert '3 views, pairwise' in out
