"""Tables and figures of studies, from generated records and from training runs of seconds."""

import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from mmbarlow.studies import results
from mmbarlow.studies.catalogue import STUDIES, Study, config_path
from mmbarlow.studies.figures import draw_study
from mmbarlow.studies.findings import findings, findings_table, summary_table
from mmbarlow.studies.report import write_table
from mmbarlow.studies.results import MEASURES, Results
from mmbarlow.zoo import records
from mmbarlow.zoo.records import Record

SCALE = '20 epochs instead of 70'
FEW, KNN, LINEAR = BENCHMARKS = [m.benchmark for m in MEASURES['digits']]
DEPTH = STUDIES['depth']


@pytest.fixture(autouse=True)
def _no_zoo(monkeypatch):
    """The shipped records are no part of these tests."""
    monkeypatch.setattr(results, 'SHIPPED', ())


def digits(variant: str = '', batch: int = 128) -> str:
    return f'barlowtwins{variant}_resnet18_1xb{batch}-coslr-20e_digits'


def record(config: str, seed: int, few: float, benchmark: str = FEW, **changes) -> Record:
    """A result on digits, or of the pretraining itself if `benchmark` is its config."""
    task = 'pretrain' if benchmark == config else {FEW: 'fewlabel_knn', KNN: 'knn'}.get(benchmark)
    fields = dict(
        config=benchmark,
        task=task or 'linear',
        dataset='digits',
        metrics=dict(top1_mean=few, top1_k10=few, top1=few),
        model='barlowtwins',
        pretrain_config=config,
        checkpoint_sha256='b' * 64,
        seed=seed,
        commit='a' * 40,
        versions=dict(python='3.11.7'),
        hardware='Some CPU, 2 cores',
        wall_time_s=40.0,
        date='2026-11-20',
        scale=SCALE,
        command='python tools/benchmark.py',
    )
    return Record(**(fields | changes))


@pytest.fixture
def work_dir(tmp_path) -> Path:
    """Depth 1 and 3 on digits over two seeds, and what must not be counted with them."""
    for config, values in ((digits('-depth-1'), (80.0, 82.0)), (digits(), (90.0, 90.0))):
        for seed, value in enumerate(values):
            folder = tmp_path / config / f'seed{seed}' / 'records'
            for benchmark in (FEW, KNN, LINEAR, config):
                records.write(record(config, seed, value, benchmark), folder)
    other = tmp_path / digits() / 'records'
    records.write(record(digits(), 2, 10.0, scale=f'{SCALE}; two images'), other)
    untrained = dict(model='untrained', checkpoint_sha256=None, scale='full')
    config = DEPTH.untrained['digits']
    for seed, value in enumerate((70.0, 72.0)):
        records.write(record(config, seed, value, **untrained), tmp_path / 'untrained/x/records')
    moved = tmp_path / 'untrained' / config
    (tmp_path / 'untrained/x').rename(moved)
    return tmp_path


def cells(text: str, first: str) -> list[str]:
    (line,) = re.findall(rf'^\| {first} \|.*$', text, re.MULTILINE)
    return [cell.strip() for cell in line.strip('|').split('|')][1:]


def test_the_table_has_mean_and_deviation_over_seeds_of_one_scale(work_dir):
    text = write_table(DEPTH, 'digits', Results(work_dir))
    name = f'`{digits("-depth-1")}`'
    assert cells(text, '1') == ['81.0 ± 1.4'] * 3 + ['2', '–', name]
    assert cells(text, '3') == ['90.0'] * 3 + ['2', '71.4', f'`{digits()}`']
    assert cells(text, '2')[:4] == ['not run here'] * 3 + ['0']
    assert cells(text, 'untrained')[0] == '71.0 ± 1.4'
    assert f'Scale: {SCALE}; 2026-11-20; Some CPU, 2 cores' in text


def test_the_figure_shows_the_points_their_deviations_and_the_untrained_network(work_dir):
    path = work_dir / 'depth.png'
    (axes,) = draw_study(DEPTH, 'digits', Results(work_dir), path).axes
    (bars,) = axes.containers
    points, _, (spread,) = bars
    assert points.get_xydata().tolist() == [[1, 81], [3, 90]]
    assert spread.get_segments()[0][:, 1] == pytest.approx([81 - 2**0.5, 81 + 2**0.5])
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ':'] == [71]
    assert axes.get_xlabel() == 'linear layers'
    assert axes.get_ylabel() == 'kNN, 5 labels a class: accuracy (%)'
    assert axes.get_title() == 'digits: mean and standard deviation of 2 seeds'
    assert [text.get_text() for text in axes.texts] == ['81.0', '90.0', 'untrained\n71.0']
    assert path.stat().st_size > 10_000


def test_a_single_seed_has_no_error_bar(work_dir):
    for file in (work_dir / digits('-depth-1')).glob('seed1/records/*'):
        file.unlink()
    (axes,) = draw_study(DEPTH, 'digits', Results(work_dir), work_dir / 'depth.png').axes
    _, _, (spread,) = axes.containers[0]
    one, two = spread.get_segments()
    assert not len(one) or np.isnan(one[:, 1]).all()
    assert two[:, 1].tolist() == [90, 90]
    assert axes.get_title() == 'digits: mean and standard deviation of 1 to 2 seeds'


def test_what_is_published_has_a_panel_of_its_own(tmp_path):
    for name, config, point in (('batch', digits(batch=32), 32), ('loss', digits(), 'recipe')):
        folder = tmp_path / config / 'records'
        records.write(record(config, 0, 88.0), folder)
        study = STUDIES[name]
        figure = draw_study(study, 'digits', Results(tmp_path), tmp_path / f'{name}.png')
        if name == 'batch':
            line = figure.axes[1].lines[0]
            assert line.get_xydata().tolist() == [list(p) for p in study.published.items()]
            assert figure.axes[1].get_ylabel() == 'linear: accuracy (%)'
            assert figure.axes[0].lines[0].get_xydata().tolist() == [[point, 88]]
            assert [axes.get_xscale() for axes in figure.axes] == ['log', 'log']
        else:
            assert figure is None  # one bar beside one published number compares nothing
            assert not (tmp_path / 'loss.png').exists()


def test_two_losses_with_published_numbers_have_bars_beside_theirs(tmp_path):
    for config, value in ((digits(), 88.0), (digits('-redundancy-only'), 30.0)):
        records.write(record(config, 0, value), tmp_path / config / 'records')
    figure = draw_study(STUDIES['loss'], 'digits', Results(tmp_path), tmp_path / 'loss.png')
    here, there = figure.axes
    assert [bar.get_width() for bar in here.patches] == [88, 30]
    assert [bar.get_width() for bar in there.patches] == [71.4, 0.1]
    assert [text.get_text() for text in there.texts] == ['71.4', '0.1']
    assert here.get_title() == 'digits: one seed'


def test_findings_are_decided_by_the_records_and_printed_with_their_numbers(work_dir):
    results = Results(work_dir)
    (several, fourth) = findings('depth', DEPTH, 'digits', results)
    assert several.verdicts() == fourth.verdicts() == ['too few seeds'] * 3
    for depth, values in ((1, (81.0,)), (2, (90.0, 92.0, 91.0)), (3, (90.0,)), (4, (89, 90, 91))):
        config = DEPTH.points['digits'][depth]
        for seed, value in enumerate(values, 3 - len(values)):
            folder = work_dir / config / f'seed{seed}' / 'records'
            records.write(record(config, seed, float(value)), folder)
    found = findings('depth', DEPTH, 'digits', results)
    # 81 ± 1 against 91 ± 1: 10 ± sqrt(2 / 3), 4 degrees of freedom
    assert cells(findings_table(found, 'digits'), '2 against 1') == [
        '+10.0 ± 0.8, df 4.0',
        '–',
        '–',
    ]
    # 90 ± 0 against 90 ± 1: 2.484 = 4.303 sqrt(1 / 3) is above 2
    assert cells(findings_table(found, 'digits'), '4 against 3')[0] == '+0.0 ± 0.6, df 2.0'
    assert [finding.verdicts()[0] for finding in found] == ['holds', 'within the error']
    assert found[0].verdicts()[1:] == ['too few seeds'] * 2
    page = summary_table(dict(digits=found))
    assert cells(page, 'Several layers are better than one') == ['holds']


def test_records_are_enough_for_tables_and_figures(run_tool, work_dir, monkeypatch):
    two = {1: digits('-depth-1'), 3: digits()}
    study = Study('Depth', 'layers', dict(digits=two), 'nothing', untrained={})
    monkeypatch.setitem(STUDIES, 'depth', study)
    command = ['benchmark.py', '--suite', 'depth', '--seeds', '2', '--work-dir', work_dir]
    status, out, err = run_tool(*command)
    assert status == 0, err
    assert cells(out, '1')[0] == '81.0 ± 1.4'
    page = (work_dir / 'ablations' / 'ablations_results.md').read_text()
    assert out.split('\n\ntables')[0].split('\n', 1)[1].split('\n\n')[1] in page
    assert '![Depth, digits](ablations_depth_digits.png)' in page
    assert (work_dir / 'ablations' / 'ablations_depth_digits.png').is_file()

    status, out, _ = run_tool(*command[:4], '3', *command[5:], '--dry-run')
    assert status == 0
    assert f'{digits("-depth-1")}, seed 1: has its records' in out
    assert f'{digits("-depth-1")}, seed 2: to run, 160 s on 2026-11-20' in out  # 4 records of 40 s
    assert '2 of 6 to run; 2 of them took 320 s before' in out
    assert not (work_dir / digits() / 'seed2').exists()


def test_no_seed_runs_nothing_and_shows_what_is_there(run_tool, work_dir, monkeypatch):
    points = {1: digits('-depth-1'), 2: digits('-depth-2')}
    study = Study('Depth', 'layers', dict(digits=points), 'nothing', untrained={})
    monkeypatch.setitem(STUDIES, 'depth', study)
    command = ['benchmark.py', '--seeds', '0', '--work-dir', work_dir, '--suite']
    status, out, err = run_tool(*command, 'depth')
    assert status == 0, err
    assert cells(out, '1')[0] == '81.0 ± 1.4'
    assert not any(character.isdigit() for character in ''.join(cells(out, '2')[:3]))
    assert not (work_dir / points[2]).exists()
    status, _, err = run_tool(*command, 'knn_digits')
    assert status == 2
    assert '--seeds must be at least 1' in err


def test_a_study_pretrains_evaluates_and_draws_what_has_no_record(
    run_tool, small, tmp_path, monkeypatch
):
    two = {1: digits('-depth-1'), 3: digits()}
    study = Study('Depth', 'layers', dict(digits=two), 'nothing', untrained={})
    monkeypatch.setitem(STUDIES, 'depth', study)
    command = ['benchmark.py', '--suite', 'depth', '--on', 'digits', '--work-dir', tmp_path]
    command += ['--scale', 'Two steps.', '--out', tmp_path / 'out', '--train-options', *small]
    status, out, err = run_tool(*command)
    assert status == 0, out + err
    few = [float(cells(out, x)[0]) for x in ('1', '3')]
    assert min(few) > 20
    for config in two.values():
        found = records.read_folder(tmp_path / config / 'seed0' / 'records')
        assert {r.config for r in found} == {FEW, KNN, LINEAR, config}
        assert {r.scale for r in found} == {f'{SCALE}; Two steps.'}
        commands = {r.config: shlex.split(r.command) for r in found}
        trained = ['python', 'tools/train.py', os.path.relpath(config_path(config))]
        trained += ['--work-dir', str(tmp_path / config / 'seed0'), '--scale', 'Two steps.']
        assert commands[config] == [*trained, '--cfg-options', 'randomness.seed=0', *small]
        assert commands[KNN][:2] == ['python', 'tools/benchmark.py']
    assert 'mmengine' not in out  # the log of a pretraining is in its folder
    assert list((tmp_path / 'out').iterdir())

    def times() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in tmp_path.glob('*/seed0/records/*.json')}

    before = times()
    (lost,) = tmp_path.glob(f'{two[1]}/seed0/records/*--{KNN}--*')
    lost.unlink()
    status, out, _ = run_tool(*command)
    assert status == 0
    assert (
        f'[1/1] {two[1]}, seed 0: ' in out
    )  # evaluated again, with the backbone that is still there
    assert [path for path, time in times().items() if time != before[path]] == [lost]


def test_a_point_that_fails_stops_no_other_and_sets_the_exit_status(
    run_tool, work_dir, monkeypatch
):
    two = {1: digits('-depth-1'), 2: digits('-depth-2')}
    study = Study('Depth', 'layers', dict(digits=two), 'nothing', untrained={})
    monkeypatch.setitem(STUDIES, 'depth', study)
    command = ['benchmark.py', '--suite', 'depth', '--work-dir', work_dir, '--scale', 'x']
    command += ['--train-options', 'train_dataloader.batch_size=1']
    status, out, _ = run_tool(*command)
    assert status == 2
    first, second = (line for line in out.splitlines() if line.startswith('['))
    assert first.startswith(f'[1/2] {two[1]}, seed 0: {work_dir}')
    assert 'is of another scale: --force replaces it' in first
    assert second.startswith(f'[2/2] {two[2]}, seed 0: ')
    assert 'a batch of 1 has no correlations' in second
    assert cells(out, '1')[0] == 'not run here'  # at this scale
    assert out.count('a batch of 1 has no correlations') == 2  # as it runs, and at the end


@pytest.mark.slow
def test_two_points_at_a_time_leave_what_one_after_the_other_does(run_tool, work_dir, monkeypatch):
    """The untrained network is evaluated, a point fails."""
    study = Study('Depth', 'layers', dict(digits={1: digits('-depth-1')}), 'nothing')
    monkeypatch.setitem(STUDIES, 'depth', study)
    command = ['benchmark.py', '--suite', 'depth', '--work-dir', work_dir, '--scale', 'x']
    status, out, _ = run_tool(*command, '--jobs', '2')
    assert status == 2
    lines = [line for line in out.splitlines() if line.startswith('[')]
    assert {line[:5] for line in lines} == {'[1/2]', '[2/2]'}
    assert sum('is of another scale: --force replaces it' in line for line in lines) == 1
    assert out.splitlines()[-1].startswith(f'{digits("-depth-1")}, seed 0: ')
    seed = work_dir / 'untrained' / study.untrained['digits'] / 'seed0'
    assert {r.config for r in records.read_folder(seed / 'records')} == set(BENCHMARKS)
    assert cells(out, 'untrained')[3] == '1'


def test_a_training_for_several_gpus_is_left_to_the_user(run_tool, tmp_path):
    command = ['benchmark.py', '--suite', 'depth', '--on', 'imagenet', '--work-dir', tmp_path]
    status, out, _ = run_tool(*command, '--dry-run')
    assert status == 0
    assert out.count('to be started by hand, as its config says') == 4
    assert '0 of 4 to run' in out
    status, out, _ = run_tool(*command)
    assert status == 0
    assert cells(out, '3')[0] == 'not run here'


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['x.pth', '--suite', 'depth'], 'leave x.pth (model) out'),
        (['--suite', 'digits'], "give a checkpoint, 'untrained' or 'pixels'"),
        (['--suite', 'depth', '--on', 'mnist'], 'depth on mnist: there is digits, cifar10'),
        (['--suite', 'depth', '--train-options', 'a=1'], 'say with --scale what the options'),
        (['--suite', 'depth', '--launcher', 'pytorch'], 'leave --launcher out'),
        (['pixels', '--suite', 'knn_digits', '--on', 'digits'], '--on is for studies'),
        (['pixels', '--suite', 'knn_digits', '--jobs', '2'], '--jobs is for studies'),
        (['--suite', 'depth', '--jobs', '0'], '--jobs must be at least 1'),
        (['--suite', 'depth', 'knn_digits'], 'knn_digits is no study'),
    ],
)
def test_wrong_arguments_end_in_one_line(arguments, says, run_tool):
    status, _, err = run_tool('benchmark.py', *arguments)
    assert status == 2
    assert says in err
