"""The table of views of whole batches."""

import re

import pytest


@pytest.mark.usefixtures('_threads')
def test_a_row_for_each_method_has_a_rate(run_tool):
    options = ('--batch', '4', '--rounds', '1', '--device', 'cpu')
    status, out, err = run_tool('speed/batch_views.py', *options)
    assert status == 0, err
    rows = re.findall(r'\| (\w+) \| ([\w +]+) \| ([\d,]+) \| ([\d.]+) \|', out)
    rates = {row[:2]: int(row[2].replace(',', '')) for row in rows}
    for views in ('plain', 'blurred'):
        parts = rates[views, 'BatchTwinViews'], rates[views, 'its loader']
        both = rates[views, 'BatchTwinViews + its loader']
        assert both == pytest.approx(1 / sum(1 / rate for rate in parts), abs=1.5)
        assert rates[views, 'TwinViews'] > 0
