"""The speed of the views is measured part by part, and the numbers add up."""

import json

import pytest


@pytest.mark.usefixtures('_threads')
def test_every_part_gives_its_numbers(run_tool, photographs, tmp_path):
    found = tmp_path / 'views.json'
    options = ['--images', '2', '--rounds', '1', '--sides', '300', '--passes', '40']
    options += ['--listed', '2000', '--json', found]
    status, out, _ = run_tool('speed/views.py', photographs[0].parent, *options)
    assert status == 0
    record = json.loads(found.read_text())
    speed = record['speed']
    ratio = speed['TwinViews'] / speed['mmpretrain']
    assert speed['TwinViews / mmpretrain'] == pytest.approx(ratio)
    assert 0 < record['large']['longer side 300, of decoding alone'] < 1
    assert record['workers']['two workers'] > 0
    assert 1 < record['memory']['MB after 40 images'] < 5000
    assert 0 <= record['paths']['MB that a worker adds'] < 50
    assert 'decoding alone' in out


def test_a_folder_without_jpeg_files_is_refused(run_tool, tmp_path):
    status, _, err = run_tool('speed/views.py', tmp_path)
    assert status == 2
    assert 'no JPEG files' in err
