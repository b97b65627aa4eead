"""Curves of pretraining: what is drawn and printed, from records and from an unfinished run."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from mmbarlow.visualization import draw_curves
from mmbarlow.zoo import records

RECORDS = Path(__file__).parents[2] / 'mmbarlow' / 'zoo' / 'records'
NAME = 'barlowtwins--barlowtwins_resnet18_1xb128-coslr-70e_digits--seed{}.json'


def test_a_line_is_the_mean_of_its_runs_and_the_band_their_range(tmp_path):
    """A run that was measured less often, or not as far, counts where it was."""
    runs = [
        [dict(epoch=1, loss=4.0, m=10.0), dict(epoch=2, loss=3.0), dict(epoch=3, m=30.0)],
        [dict(epoch=1, loss=6.0, m=20.0)],
    ]
    figure = draw_curves(dict(a=runs, b=[[dict(epoch=2, m=5.0)]]), 'm', tmp_path / 'm.png')
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ['a', 'b']
    assert axes.lines[0].get_xydata().tolist() == [[1, 15], [3, 30]]
    assert axes.lines[1].get_xydata().tolist() == [[2, 5]]
    assert axes.collections[0].get_datalim(axes.transData).get_points().tolist() == [
        [1, 10],
        [3, 30],
    ]
    assert len(np.unique(np.asarray(Image.open(tmp_path / 'm.png')))) > 20


def test_records_of_several_seeds_are_one_line(run_tool, tmp_path):
    files = [RECORDS / NAME.format(seed) for seed in (0, 1, 2)]
    status, out, err = run_tool('draw_curves.py', *files, '--out', tmp_path / 'c.png')
    assert status == 0, err
    ends = [records.read(path).metrics['KNN/top1_k10'] for path in files]
    said = ', '.join(f'{end:.1f} after 70' for end in ends)
    assert out.splitlines()[-2:] == [
        f'Barlow Twins: {said}',
        f'KNN/top1_k10: {tmp_path / "c.png"}',
    ]
    assert (tmp_path / 'c.png').is_file()


def test_two_configs_of_a_method_are_two_lines(run_tool, tmp_path):
    """Their epochs do not compare, so that a mean over both would say nothing."""
    files = [RECORDS / NAME.format(0).replace('70e', epochs) for epochs in ('70e', '30e')]
    out = tmp_path / 'new' / 'c.png'
    status, said, err = run_tool('draw_curves.py', *files, '--out', out)
    assert status == 0, err
    for path, epochs in zip(files, (70, 30), strict=True):
        assert f'{path.name.split("--")[1]}: ' in said
        assert f' after {epochs}' in said
    assert out.is_file()


def test_an_unfinished_run_is_drawn_from_its_log(run_tool, tmp_path):
    log = tmp_path / 'run' / '20261121_120000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('\n'.join(json.dumps(dict(epoch=e, loss=9.0 - e)) for e in (1, 2)))
    status, out, err = run_tool('draw_curves.py', tmp_path / 'run', '--out', tmp_path / 'c.png')
    assert status == 0, err
    assert 'run: 7.0 after 2' in out


def test_what_has_no_curve_or_not_this_metric_is_named(run_tool, tmp_path):
    out = tmp_path / 'c.png'
    for path in (tmp_path, tmp_path / 'none'):
        status, _, err = run_tool('draw_curves.py', path, '--out', out)
        assert status == 2
        assert f'{path} has no curve of epochs' in err
    status, _, err = run_tool(
        'draw_curves.py', RECORDS / NAME.format(0), '--metric', 'top5', '--out', out
    )
    assert status == 2
    assert 'no run has top5 in its curve: there is loss, loss_invariance,' in err
    assert not out.exists()
