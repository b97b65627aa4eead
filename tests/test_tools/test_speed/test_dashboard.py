"""The cost of SpectrumHook, as its benchmark tells it, at reduced size."""

import json

import pytest

from measure import networks

PROJECTOR = dict(in_channels=64, hid_channels=32, out_channels=32, num_layers=3)
NARROW = dict(type='mmpretrain.ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8)
NETWORK = dict(backbone=NARROW, neck=dict(type='mmbarlow.BarlowTwinsNeck', **PROJECTOR), size=16)


@pytest.mark.usefixtures('_threads')
def test_it_costs_less_than_a_hundredth_and_64_mb_at_the_published_size(
    run_tool, tmp_path, monkeypatch
):
    monkeypatch.setitem(networks.NETWORKS, 'resnet18', NETWORK)
    record = tmp_path / 'record.json'
    status, out, err = run_tool(
        'speed/dashboard.py', '--device', 'cpu', '--batch', '8', '--rounds', '1', '--out', record
    )
    assert status == 0, err
    found = json.loads(record.read_text())
    assert found['interval'] == 50
    assert 1 < found['reckoned_ratio'] < 1.01  # by a thousand times, whatever else is running
    assert 2**20 < found['extra_bytes'] < 64 * 2**20
    assert 'ResNet-50, batch 256: a measurement takes' in out
