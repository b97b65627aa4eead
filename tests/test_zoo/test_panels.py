"""What is drawn of the log of SpectrumHook: its values by step, and three of its spectra."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from mmbarlow.zoo.curve import read_lines
from mmbarlow.zoo.panels import PANELS, panel_lines, read_spectra


def write(folder: Path, steps: list[int], scale: float = 1.0) -> None:
    """The log of a start that has measured at these steps."""
    logs = folder / 'vis_data'
    logs.mkdir(parents=True)
    values = {'spectrum/rankme': 4.0, 'spectrum/dead': 1, 'spectrum/loss_over_floor': 2.0}
    lines = [json.dumps(dict(epoch=1, iter=step, loss=9.0) | values) for step in steps]
    (logs / 'scalars.json').write_text('\n'.join(lines))
    spectra = [json.dumps(dict(iter=s, embeddings=[scale * s, 0.5, 0.0])) for s in steps]
    (logs / 'spectrum.jsonl').write_text('\n'.join([*spectra, '{"iter": 3, "embed']))


def test_first_middle_and_last_spectrum_are_drawn_and_repeated_steps_count_once(tmp_path):
    write(tmp_path / '20261127_100000', [1, 2, 3, 4])
    write(tmp_path / '20261127_110000', [3, 4, 5], scale=10)
    found = read_spectra(tmp_path)
    assert list(found) == [1, 3, 5]
    assert found[1] == [(1, 1), (2, 0.5), (3, 0)]
    assert found[3][0] == (1, 30)
    assert read_spectra(tmp_path, 'representations') == {}


def test_a_panel_has_the_lines_that_were_logged_by_their_names_in_words(tmp_path):
    write(tmp_path / '20261127_100000', [1, 2])
    lines = {panel.title: panel_lines(panel, read_lines(tmp_path)) for panel in PANELS}
    assert lines['Effective rank'] == {'RankMe of embeddings': [(1, 4.0), (2, 4.0)]}
    assert lines['Dead dimensions'] == {'embeddings': [(1, 1), (2, 1)]}
    assert lines['Cross-correlation'] == {}


def test_the_panels_are_one_picture(run_tool, tmp_path):
    write(tmp_path / 'run' / '20261127_100000', [1, 2, 3])
    out = tmp_path / 'new' / 'panels.png'
    status, said, err = run_tool('draw_curves.py', tmp_path / 'run', '--panels', '--out', out)
    assert (status, err) == (0, '')
    assert said == f'4 panels: {out}\n'
    assert len(np.unique(np.asarray(Image.open(out)))) > 20
    (tmp_path / 'none').mkdir()
    status, _, err = run_tool('draw_curves.py', tmp_path / 'none', '--panels', '--out', out)
    assert status == 2
    assert 'has nothing that mmbarlow.SpectrumHook has measured' in err
