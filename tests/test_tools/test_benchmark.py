"""Benchmarks and tests of checkpoints from the command line."""

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmbarlow.zoo import records

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """Folder for one tiny training, shared by the tests of this file."""
    return tmp_path_factory.mktemp('trained')


@pytest.fixture
def backbone(trained, run_tool, digits_config, small) -> Path:
    path = trained / f'{digits_config.stem}_backbone.pth'
    if not path.exists():
        run_tool('train.py', digits_config, '--work-dir', trained, '--cfg-options', *small)
    return path


def test_a_suite_is_measured_once_and_recorded(run_tool, backbone, trained):
    suite = ['--suite', 'fewlabel-knn_digits', 'knn_digits', 'linear_digits']
    status, out, err = run_tool('benchmark.py', backbone, *suite)
    assert status == 0, err
    found = {r.config: r for r in records.read_folder(trained / 'records')}
    assert {'knn_digits', 'fewlabel-knn_digits', 'linear_digits'} <= set(found)
    assert found['knn_digits'].metrics['top1_k10'] > 50
    assert f'top1_k10 {found["knn_digits"].metrics["top1_k10"]:.2f}' in out
    assert found['knn_digits'].pretrain_config == backbone.stem.removesuffix('_backbone')

    before = (trained / 'records').stat().st_mtime_ns
    run_tool('benchmark.py', backbone, *suite)
    assert (trained / 'records').stat().st_mtime_ns == before  # nothing measured again


def test_pixels_and_an_untrained_network_give_the_rows_to_compare_with(
    run_tool, digits_config, tmp_path
):
    for model in (['pixels'], ['untrained', '--config', digits_config, '--seed', '3']):
        status, _, err = run_tool(
            'benchmark.py', *model, '--suite', 'knn_digits', '--work-dir', tmp_path
        )
        assert status == 0, err
    untrained, pixels = sorted(
        records.read_folder(tmp_path / 'records'), key=lambda r: r.metrics['top1_k10']
    )
    assert (untrained.model, untrained.seed) == ('untrained', 3)
    assert pixels.metrics['top1_k10'] == pytest.approx(97.5, abs=0.5)


def test_test_py_takes_checkpoints_and_exported_backbones(
    run_tool, backbone, digits_config, tmp_path
):
    for checkpoint in (backbone, backbone.parent / 'epoch_1.pth'):
        status, out, err = run_tool(
            'test.py', digits_config, checkpoint, '--work-dir', tmp_path / checkpoint.stem
        )
        assert status == 0, err
        log = next((tmp_path / checkpoint.stem).glob('*/*.log')).read_text()
        assert 'KNN/top1_k10' in log


def test_a_checkpoint_of_another_architecture_is_refused(
    run_tool, backbone, digits_config, tmp_path
):
    status, _, err = run_tool(
        'test.py',
        *(digits_config, backbone, '--work-dir', tmp_path),
        *('--cfg-options', 'model.backbone.depth=34', 'model.neck.in_channels=256'),
    )
    assert status == 2
    assert f"{backbone} does not fit: its backbone is a ResNet-18, the config's a ResNet-34." in err


def test_a_hostile_pickle_is_refused_and_runs_nothing(run_tool, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / 'owned',))

    for name, save in (
        ('a.pth', torch.save),
        ('b.pth', lambda x, p: p.write_bytes(pickle.dumps(x))),
    ):
        save(dict(state_dict=Hostile()), tmp_path / name)
        status, _, err = run_tool('benchmark.py', tmp_path / name, '--suite', 'digits')
        assert status == 2
        assert 'is no checkpoint of tensors' in err
    assert not (tmp_path / 'owned').exists()


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere.pth', '--suite', 'digits'], 'there is no checkpoint nowhere.pth'),
        (['pixels', '--suite', 'digit'], "no suite, benchmark or data set 'digit'; there are in1k"),
        (['untrained', '--suite', 'digits'], "'untrained' needs --config"),
    ],
)
def test_wrong_arguments_end_in_one_line(arguments, says, run_tool):
    status, _, err = run_tool('benchmark.py', *arguments)
    assert status == 2
    assert says in err


def digits(run_tool, work_dir: Path, *arguments: str) -> tuple[int, str, str]:
    return run_tool('benchmark.py', 'pixels', '--work-dir', work_dir, *arguments)


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--suite', 'card'], 'the suite card stands alone and needs --on'),
        (['--suite', 'card', 'digits', '--on', 'digits'], 'the suite card stands alone'),
        (['--suite', 'card', '--on', 'mnist'], 'no data set of that name; there are cifar10'),
        (['--suite', 'digits', '--supervised', 'x.pth'], '--supervised is for the suite card'),
    ],
)
def test_a_card_says_on_what_it_can_be_made(arguments, says, run_tool):
    status, _, err = run_tool('benchmark.py', 'pixels', *arguments)
    assert (status, len(err.strip().splitlines())) == (2, 1)
    assert says in err


def test_a_dry_run_of_a_card_names_its_parts(run_tool, tmp_path):
    on = ('--suite', 'card', '--on', 'digits', '--dry-run', '--work-dir', tmp_path)
    status, out, _ = run_tool('benchmark.py', 'pixels', *on)
    assert (status, [*tmp_path.iterdir()]) == (0, [])
    assert 'card on digits: knn, logistic, attentive, fewshot, calibration, robustness' in out


def test_seeds_are_those_of_the_benchmark_and_only_where_it_draws(run_tool, tmp_path):
    suite = ['--suite', 'fewlabel-knn_digits', 'knn_digits', '--seeds', '2']
    status, out, err = digits(run_tool, tmp_path, *suite)
    assert status == 0, err
    found = {(r.config, r.benchmark_seed): r for r in records.read_folder(tmp_path / 'records')}
    few = 'fewlabel-knn_digits'
    assert set(found) == {(few, 0), (few, 1), ('knn_digits', 0)}
    draws = [found[few, seed].metrics['top1_mean'] for seed in (0, 1)]
    assert draws[0] != draws[1]
    mean, std = sum(draws) / 2, abs(draws[0] - draws[1]) / 2**0.5
    assert f'2  top1_mean {mean:.2f} ± {std:.2f}' in out


def test_a_benchmark_that_fails_stops_no_other_and_sets_the_exit_status(run_tool, tmp_path):
    suite = ['--suite', 'knn_cifar10', 'knn_digits']
    missing = f'data_root={tmp_path}/missing'
    status, out, _ = digits(run_tool, tmp_path, *suite, '--cfg-options', missing)
    assert status == 2
    assert f'[1/2] knn_cifar10: failed: there is no folder {tmp_path}/missing' in out
    assert '[2/2] knn_digits: measured on' in out
    table = out.split('benchmark ')[1]
    assert 'failed: there is no folder' in table
    assert 'top1_k10 97.50' in table
    assert [r.config for r in records.read_folder(tmp_path / 'records')] == ['knn_digits']


def test_a_dry_run_says_what_would_run_on_which_data_and_does_nothing(run_tool, tmp_path):
    digits(run_tool, tmp_path, '--suite', 'knn_digits')
    before = sorted(tmp_path.rglob('*'))
    suite = ['--suite', 'cifar10', 'digits', '--dry-run', '--seeds', '2']
    missing = f'data_root={tmp_path}/missing'
    status, out, _ = digits(run_tool, tmp_path, *suite, '--cfg-options', missing)
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert ['knn_cifar10', 'to', 'run:', 'frozen', 'features'] in lines
    assert [f'{tmp_path}/missing:', 'missing'] in lines
    assert ['knn_digits', 'has', 'a', 'record'] in lines
    assert ['fewlabel-knn_digits,', 'run', '1', 'to', 'run:', 'frozen', 'features'] in lines
    assert ['digits:', 'comes', 'with', 'scikit-learn'] in lines
    assert 'cifar10: cs.toronto.edu' in out
    assert sorted(tmp_path.rglob('*')) == before


def test_a_reduced_benchmark_says_so_and_does_not_pass_for_the_full_one(run_tool, tmp_path):
    reduced = ['--scale', 'A tenth of the images.', '--cfg-options']
    reduced.append('test_dataloader.dataset.indices=36')
    digits(run_tool, tmp_path, '--suite', 'knn_digits', *reduced)
    (small,) = records.read_folder(tmp_path / 'records')
    assert small.scale == 'A tenth of the images.'

    status, out, _ = digits(run_tool, tmp_path, '--suite', 'knn_digits')
    assert status == 2
    assert 'is of another scale: --force replaces it, another --work-dir keeps both' in out
    assert records.read_folder(tmp_path / 'records') == [small]
    assert digits(run_tool, tmp_path, '--suite', 'knn_digits', '--force')[0] == 0
    (full,) = records.read_folder(tmp_path / 'records')
    assert full.scale == 'full'


def test_the_checkpoint_says_what_it_is_and_a_new_one_does_not_inherit_results(
    run_tool, backbone, tmp_path
):
    checkpoint = torch.load(backbone, weights_only=True)
    path = tmp_path / 'net.pth'
    checkpoint['meta'].update(model='supervised', scale='2 epochs.')
    torch.save(checkpoint, path)
    command = ['benchmark.py', path, '--suite', 'linear_digits', '--scale', 'Few images.']
    assert run_tool(*command)[0] == 0
    (record,) = records.read_folder(tmp_path / 'records')
    assert (record.model, record.scale) == ('supervised', '2 epochs; Few images.')

    checkpoint['state_dict']['conv1.weight'].zero_()
    torch.save(checkpoint, path)
    status, out, _ = run_tool(*command)
    assert status == 2
    assert 'is of another checkpoint: --force replaces it' in out
    assert records.read_folder(tmp_path / 'records') == [record]


def test_a_broken_record_is_named_and_kept(run_tool, tmp_path):
    broken = tmp_path / 'records' / 'pixels--knn_digits--seed0.json'
    broken.parent.mkdir()
    broken.write_text('{"config": "knn_digits"}')
    status, out, _ = digits(run_tool, tmp_path, '--suite', 'knn_digits')
    assert status == 2
    assert f"{broken}: add the missing field 'task'" in out
    assert broken.read_text() == '{"config": "knn_digits"}'


def test_two_processes_measure_what_one_does_and_write_one_record(run_tool, tmp_path):
    suite = ['--suite', 'knn_digits', 'fewlabel-knn_digits', 'knn_cifar10']
    suite += ['--cfg-options', f'data_root={tmp_path}/missing']
    digits(run_tool, tmp_path / 'one', *suite)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [ROOT / 'tools' / 'dist_benchmark.sh', 'pixels', '2', '--work-dir', tmp_path / 'two']
        + suite,
        env=dict(os.environ, PYTHON=sys.executable, PORT=str(port), CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.count('[3/3] knn_cifar10: failed: process 0: there is no folder') == 1
    one, two = (records.read_folder(tmp_path / name / 'records') for name in ('one', 'two'))
    assert len(two) == 2
    for single, double in zip(one, two, strict=True):
        assert double.config == single.config
        assert double.metrics == pytest.approx(single.metrics)


def test_a_training_benchmark_has_a_folder_for_each_seed(run_tool, backbone, tmp_path):
    command = ['--work-dir', tmp_path, '--suite', 'linear-sgd_digits', '--seeds', '2']
    command += ['--scale', 'One epoch of 64 images.', '--cfg-options', 'train_cfg.max_epochs=1']
    command += ['train_dataloader.dataset.indices=64', 'train_dataloader.batch_size=32']
    status, out, err = run_tool('benchmark.py', backbone, *command)
    assert status == 0, err
    runs = {r.benchmark_seed: r for r in records.read_folder(tmp_path / 'records')}
    assert set(runs) == {0, 1}
    assert runs[0].metrics['top1'] > 12
    assert runs[0].metrics != runs[1].metrics
    (epoch,) = runs[0].curve
    assert epoch['accuracy/top1'] == pytest.approx(runs[0].metrics['top1'])
    assert epoch['loss'] > 0
    assert f'{sum(r.metrics["top1"] for r in runs.values()) / 2:.2f} ± ' in out
    for seed in runs:
        folder = tmp_path / 'benchmarks' / 'linear-sgd_digits' / f'seed0-run{seed}'
        assert list(folder.glob('*/vis_data/scalars.json'))

    again = run_tool('benchmark.py', backbone, *command)
    assert again[0] == 0
    assert {r.benchmark_seed: r for r in records.read_folder(tmp_path / 'records')} == runs


def test_pixels_are_evaluated_by_protocols_alone(run_tool, tmp_path):
    status, out, _ = digits(run_tool, tmp_path, '--suite', 'digits', '--dry-run')
    assert status == 0
    assert 'linear_digits' in out
    assert 'linear-sgd_digits' not in out
    status, _, err = digits(run_tool, tmp_path, '--suite', 'linear-sgd_digits')
    assert status == 2
    assert 'raw pixels have no network to train, so linear-sgd_digits cannot be run' in err


def test_a_result_whose_record_cannot_be_written_is_shown_with_a_warning(run_tool, tmp_path):
    (tmp_path / 'records' / 'pixels--knn_digits--seed0.json').mkdir(parents=True)
    status, out, err = run_tool(
        'benchmark.py', 'pixels', '--suite', 'knn_digits', '--work-dir', tmp_path
    )
    assert status == 0, err
    assert 'warning: knn_digits has no record: ' in out
    assert 'top1_k10 97.' in out


def test_a_network_of_any_name_is_recorded(run_tool, backbone, tmp_path):
    (own := tmp_path / 'my weights (1).pth').write_bytes(backbone.read_bytes())
    state = torch.load(own, weights_only=True)
    state['meta'].update(pretrain_config='my cfg', scale='two\nlines')
    torch.save(state, own)
    status, _, err = run_tool('benchmark.py', own, '--suite', 'knn_digits')
    assert status == 0, err
    (record,) = records.read_folder(tmp_path / 'records')
    assert (record.pretrain_config, record.scale) == ('my-cfg', 'two lines')
