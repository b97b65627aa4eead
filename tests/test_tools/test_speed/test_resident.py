"""The images of a loader and those on the device take turns, and their ratio is told."""

import json

import pytest


@pytest.mark.usefixtures('_threads')
def test_both_loops_are_timed_and_the_ratio_is_recorded(run_tool, tmp_path):
    out = tmp_path / 'resident.json'
    few = 'train_dataloader.dataset.indices=32', 'train_dataloader.num_workers=0'
    options = '--cfg-options', *few, 'train_dataloader.persistent_workers=False'
    small = '--device', 'cpu', '--batch', '8', '--rounds', '3', '--steps', '1', '--threads', '1'
    status, told, _ = run_tool('speed/resident.py', *small, '--out', out, *options)
    assert status == 0
    found = json.loads(out.read_text())
    assert found['ratio'] == pytest.approx(
        found['images_s']['resident'] / found['images_s']['loader'], rel=1e-9
    )
    assert len(found['ratios']) == 3
    assert f'{found["ratio"]:.2f}, from ' in told
