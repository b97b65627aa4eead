"""examples/barlow_twins_in_three_minutes.ipynb: its cells run in order, and the network learns."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / 'examples' / 'barlow_twins_in_three_minutes.ipynb'
CELLS = json.loads(NOTEBOOK.read_text(encoding='utf-8'))['cells']


def test_the_notebook_is_small():
    assert NOTEBOOK.stat().st_size < 200_000


@pytest.mark.slow
def test_the_notebook_runs_and_its_network_learns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MMBARLOW_NOTEBOOK_EPOCHS', '2')
    names: dict = {}
    for number, cell in enumerate(CELLS):
        if cell['cell_type'] == 'code':
            exec(compile(''.join(cell['source']), f'cell {number}', 'exec'), names)
    curve = names['read_curve'](names['FOLDER'])
    assert curve[-1]['loss'] < curve[0]['loss']
    assert names['floor'] == pytest.approx(7.795, abs=0.001)  # D K / (D + K), N = 128, D = 512
    assert names['after'].keys() == names['before'].keys()
    assert names['before']['5 labels a class'] > 50  # chance is 10
    for picture in ('views.png', 'curve.png'):
        with names['Image'].open(names['FOLDER'] / picture) as image:
            assert image.width > 500
