"""A run owns its folder: what a fresh start, a second process and a moved folder do."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmbarlow.engine.folder_lock import LOCK, locked
from mmbarlow.engine.last_checkpoint import last_checkpoint_in
from mmbarlow.engine.work_dir import check_unused, files_of_run
from mmbarlow.errors import InputError
from mmbarlow.zoo import records
from mmbarlow.zoo.curve import read_curve

ROOT = Path(__file__).parents[2]
EVERY = ['default_hooks.checkpoint.interval=1', 'train_cfg.val_interval=99']


@pytest.fixture
def train(run_tool, digits_config, small, tmp_path):
    """Train in tmp_path/run; returns exit status and stderr."""

    def run(*arguments: str, folder: str = 'run', **options) -> tuple[int, str]:
        pairs = [f'{key}={value}' for key, value in options.items()]
        status, _, err = run_tool(
            *('train.py', digits_config, '--work-dir', tmp_path / folder, *arguments),
            *('--cfg-options', *small, *EVERY, *pairs),
        )
        return status, err

    return run


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def epochs(folder: Path) -> list[float]:
    (record,) = records.read_folder(folder / 'records')
    return [point['epoch'] for point in record.curve or []]


def test_a_second_run_is_refused_and_replaces_the_first_by_force_alone(train, tmp_path):
    folder = tmp_path / 'run'
    assert train(**{'train_cfg.max_epochs': 3})[0] == 0
    first, (old,) = contents(folder), records.read_folder(folder / 'records')
    status, err = train()
    assert status == 2
    assert f'{folder} holds a run already' in err
    assert all(choice in err for choice in ('--resume', '--work-dir', '--force'))
    assert contents(folder) == first

    # it fails before its first checkpoint
    assert train('--force', **{'optim_wrapper.optimizer.lr': 1e30})[0] == 2
    kept = contents(folder)
    assert all(kept[p] == first[p] for p in first if p.suffix in ('.pth', '.json'))

    assert train('--force', **{'optim_wrapper.optimizer.lr': 0.02})[0] == 0
    (new,) = records.read_folder(folder / 'records')
    assert epochs(folder) == [1]
    assert new.metrics['loss'] == new.curve[0]['loss'] != old.curve[0]['loss']
    assert sorted(p.name for p in folder.glob('epoch_*')) == ['epoch_1.pth']
    assert len(list(folder.glob('*/*.log'))) == 1  # the logs of the first one went with it
    assert not (folder / LOCK).exists()


def test_a_resumed_run_repeats_no_epoch_in_its_curve_and_keeps_none_that_was_given_up(
    train, tmp_path
):
    folder = tmp_path / 'run'
    assert train(**{'train_cfg.max_epochs': 4})[0] == 0
    shutil.copy(folder / 'epoch_3.pth', tmp_path / 'kept.pth')
    shutil.move(tmp_path / 'kept.pth', folder / 'epoch_2.pth')  # its meta says that it is epoch 3
    status, err = train('--resume', str(folder / 'epoch_2.pth'), **{'train_cfg.max_epochs': 4})
    assert status == 0, err
    assert epochs(folder) == [1, 2, 3, 4]

    elsewhere = ['--resume', str(folder / 'epoch_3.pth')]
    assert train(*elsewhere, folder='other', **{'train_cfg.max_epochs': 5})[0] == 0
    assert epochs(tmp_path / 'other') == [1, 2, 3, 4, 5]
    assert read_curve(folder)[:3] == read_curve(tmp_path / 'other')[:3]
    status, err = train(*elsewhere, folder='other', **{'train_cfg.max_epochs': 5})
    assert status == 2
    assert 'holds a run already' in err  # of which the checkpoint is no part


def test_a_moved_folder_resumes_from_itself_and_from_what_is_whole(train, tmp_path):
    train(**{'train_cfg.max_epochs': 2})
    folder = tmp_path / 'moved'
    shutil.copytree(tmp_path / 'run', folder)
    (tmp_path / 'run' / 'epoch_2.pth').write_bytes(b'of the old folder')
    assert train('--resume', folder='moved', **{'train_cfg.max_epochs': 3})[0] == 0

    whole = (folder / 'epoch_3.pth').read_bytes()
    (folder / 'epoch_3.pth').write_bytes(whole[: len(whole) // 2])
    status, err = train('--resume', folder='moved', **{'train_cfg.max_epochs': 3})
    assert status == 0, err
    assert f'epoch_3.pth, which {folder}/last_checkpoint names, is damaged: ' in err
    assert f'{folder}/epoch_2.pth is resumed instead' in err
    assert epochs(folder) == [1, 2, 3]


@pytest.mark.parametrize(('text', 'says'), [(None, 'missing'), ('', 'empty'), ('e_9', 'not there')])
def test_without_a_name_that_helps_the_newest_checkpoint_counts(text, says, tmp_path):
    for number in (2, 10):
        torch.save({}, tmp_path / f'epoch_{number}.pth')
    if text is not None:
        (tmp_path / 'last_checkpoint').write_text(text)
    path, fault = last_checkpoint_in(tmp_path)
    assert path == tmp_path / 'epoch_10.pth'
    assert fault.endswith(f'is {says}')


def test_a_folder_without_results_is_free(tmp_path):
    """Of a run that ended before its first checkpoint, of benchmarks, or of the user."""
    for name in ('a.py', 'notes.txt', 'pretrained.pth', '20250101_000000/vis_data/scalars.json'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('{"epoch": 7, "loss": 1.0}')
    (tmp_path / 'records').mkdir()
    (tmp_path / 'records' / 'knn.json').write_text('{"task": "knn"}')
    check_unused(tmp_path, 'a')
    (tmp_path / 'records' / 'own.json').write_text('{"task": "pretrain"}')
    (tmp_path / 'a_backbone.pth').touch()
    found = [str(path.relative_to(tmp_path)) for path in files_of_run(tmp_path, 'a')]
    assert found == ['a_backbone.pth', 'records/own.json']


def test_the_logs_of_a_run_without_a_checkpoint_are_not_in_the_next_ones_curve(train, tmp_path):
    log = tmp_path / 'run' / '20250101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"epoch": 7, "loss": 1.0}\n{"epoch": 8, "lo')
    assert train()[0] == 0
    assert epochs(tmp_path / 'run') == [1]


HOLDER = """
import os, sys, time
from mmbarlow.engine.folder_lock import locked
with locked(sys.argv[1]):
    if os.fork() == 0:  # as a worker of a data loader, which outlives its process for a while
        time.sleep(5)
        os._exit(0)
    print('locked', flush=True)
    time.sleep(60)
"""


def test_one_process_at_a_time_trains_in_a_folder_and_a_killed_one_leaves_it(train, tmp_path):
    folder = tmp_path / 'run'
    with subprocess.Popen(
        [sys.executable, '-c', HOLDER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    ) as holder:
        assert holder.stdout.readline() == 'locked\n'
        status, err = train()
        assert status == 2
        assert f'process {holder.pid} on ' in err
        assert f'is training in {folder}: wait until it ends' in err
        assert [path.name for path in folder.iterdir()] == [LOCK]
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (folder / LOCK).exists()  # a stale file blocks nothing
        with locked(folder), pytest.raises(InputError, match='is training'), locked(folder):
            pass
    assert not (folder / LOCK).exists()
