"""The table of views of 224 px, reduced."""

import json

import pytest


@pytest.mark.usefixtures('_threads')
def test_both_sources_have_a_rate_in_a_worker_and_on_the_device(run_tool, tmp_path):
    options = '--batch', '4', '--images', '4', '--size', '32', '--rounds', '1', '--device', 'cpu'
    out, keep = tmp_path / 'views.json', tmp_path / 'kept.raw'
    status, _, err = run_tool('speed/device_views.py', *options, '--out', out, '--keep', keep)
    assert status == 0, err
    record = json.loads(out.read_text())
    rates = record['images_s']
    for source in ('files', 'cache'):
        parts = rates[f'TwinCrops, {source}'], rates[f'PackedTwinViews, {source}']
        both = rates[f'TwinCrops + PackedTwinViews, {source}']
        assert both == pytest.approx(1 / sum(1 / rate for rate in parts))
        assert rates[f'TwinViews, {source}'] > 0
    assert keep.stat().st_size == record['cache_bytes']
    assert record['images'] == 4
