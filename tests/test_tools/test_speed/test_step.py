"""The measurement of a training step, at reduced size on a CPU."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from measure import networks, official, steps
from mmbarlow.engine.lars import LARS
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.registry import MODELS

ROOT = Path(__file__).parents[3]
SMALL = ['--device', 'cpu', '--rounds', '1', '--steps', '1', '--size', '16', '--width', '32']
PROJECTOR = dict(in_channels=64, hid_channels=32, out_channels=32, num_layers=3)
NETWORK = dict(
    backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8),
    neck=dict(type='mmbarlow.BarlowTwinsNeck', **PROJECTOR),
    size=16,
)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setitem(networks.NETWORKS, 'resnet18', NETWORK)


def test_a_table_of_every_method_with_ratios_shares_and_utilization(run_tool, tmp_path):
    record = tmp_path / 'record.json'
    status, out, err = run_tool(
        'speed/step.py', *SMALL, '--networks', 'resnet18', '--batch-sizes', '4', '8',
        '--out', record,
    )  # fmt: skip
    assert status == 0, err
    found = json.loads(record.read_text())
    assert [(row['batch'], row['method']) for row in found['rows']] == [
        (batch, method) for batch in (4, 8) for method in steps.METHODS
    ]
    for row in found['rows']:
        assert row['peak_mb'] > 0
        assert row['pairs_s'] == pytest.approx(1e3 * row['batch'] / row['ms'])
        assert 0 < row['utilization'] < 2  # a busy machine may have been slow at the product
    ours, other = found['rows'][0], found['rows'][1]
    assert ours['times_official'] == pytest.approx(other['ms'] / ours['ms'])
    assert sum(ours['share'].values()) == pytest.approx(1)
    assert set(ours['share']) == {'forward', 'loss', 'backward', 'optimizer'}
    assert 'x ceiling' in out


def test_the_second_table_has_the_loader_in_it(run_tool, digits_config, small, tmp_path):
    record = tmp_path / 'record.json'
    status, out, err = run_tool(
        'speed/step.py', *SMALL, '--loader', digits_config, '--out', record,
        '--cfg-options', *small,
    )  # fmt: skip
    assert status == 0, err
    row = json.loads(record.read_text())['loader']
    assert row['batch'] == 16
    assert row['of_step'] == pytest.approx(row['pairs_s'] / row['step_pairs_s'])
    assert 'pairs/s with the loader' in out


def test_operations_are_those_of_the_layers():
    """Twice a product for forward, four times for backward, two views; BN and ReLU are not
    counted, and the images need no gradient."""
    neck = dict(NETWORK['neck'], in_channels=3)
    network = dict(backbone=dict(type='mmbarlow.RawPixels'), neck=neck, size=1)
    linear = [3 * 32, 32 * 32, 32 * 32]
    expected = 2 * 2 * (3 * sum(linear) - linear[0])
    assert steps.operations(network, 'cpu') == expected


@pytest.mark.parametrize('name', ['official', 'mmpretrain'])
def test_the_plain_loss_is_ours_so_that_like_is_compared_with_like(name):
    views = torch.randn(2, 16, 32, generator=torch.Generator().manual_seed(0)).unbind()
    ours = sum(CrossCorrelationHead(32).loss(*views).values())
    if name == 'official':
        theirs = official.OfficialLoss(32)(*views)
    else:
        theirs = MODELS.build(networks.theirs(NETWORK)).head.loss(*views)
    assert theirs.item() == pytest.approx(ours.item(), rel=1e-4)


@pytest.mark.parametrize('name', ['resnet50', 'resnet18', 'vit-small'])
def test_mmpretrain_has_the_very_network(name, monkeypatch):
    monkeypatch.undo()  # the shipped ones, not the narrow one
    network = networks.of_width(networks.NETWORKS[name], 32)
    ours, theirs = (MODELS.build(f(network)) for f in (networks.ours, networks.theirs))
    shapes = [sorted(tuple(p.shape) for p in m.parameters()) for m in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_the_plain_lars_is_ours():
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(s, generator=generator) for s in ((5, 4), (3, 2, 2, 2), (7,))]
    results = []
    for optimizer in (LARS, official.OfficialLARS):
        params = [torch.nn.Parameter(p.clone()) for p in start]
        built = optimizer(params, lr=0.5, weight_decay=1e-2)
        for i in range(3):
            for p in params:
                p.grad = torch.sin(p.detach() + i)
            built.step()
        results.append(params)
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--networks', 'vgg'], "network 'vgg' does not exist: take resnet50, resnet18"),
        (['--methods', 'mine'], "method 'mine' does not exist"),
        (['--batch-sizes', '1'], 'a batch of 1 has no correlations'),
    ],
)
def test_wrong_arguments_end_in_one_line(run_tool, arguments, says):
    status, _, err = run_tool('speed/step.py', *SMALL, *arguments)
    assert (status, says in err) == (2, True)


def test_a_table_of_optimizers(tmp_path):
    """In a process of its own, because it forks, which no process may that has computed."""
    record = tmp_path / 'record.json'
    # Wide, so that the largest tensor, 17 MB, is more than what the process takes for itself.
    options = ['--width', '2048', '--rounds', '1', '--device', 'cpu', '--out', record]
    command = [sys.executable, ROOT / 'tools' / 'speed' / 'optimizer.py', *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = {row['method']: row for row in json.loads(record.read_text())['rows']}
    assert set(rows) == {'mmbarlow', 'mmpretrain', 'official'}
    assert rows['mmbarlow']['of_largest'] < 0.2
    assert rows['mmpretrain']['of_largest'] == pytest.approx(2, abs=0.2)  # it makes two copies
    ratio = rows['mmpretrain']['ms'] / rows['mmbarlow']['ms']
    assert rows['mmpretrain']['times_mmbarlow'] == pytest.approx(ratio)
