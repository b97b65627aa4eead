"""Several processes under the shell scripts: crashes, restarts and launchers that are gone."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmbarlow.paths import CLONE
from mmbarlow.zoo import records

pytestmark = pytest.mark.slow

OPTIONS = [
    *('train_dataloader.batch_size=16', 'train_dataloader.num_workers=1', 'val_dataloader=None'),
    *('val_cfg=None', 'val_evaluator=None', 'model.backbone.base_channels=8'),
    *('model.backbone.stem_channels=8', 'model.neck.in_channels=64', 'model.neck.hid_channels=16'),
    *('model.neck.out_channels=16', 'model.head.in_channels=16'),
    *('train_dataloader.dataset.indices=64', 'default_hooks.checkpoint.interval=1'),
]


@pytest.fixture
def start(digits_config, tmp_path):
    """Start a training of two processes in the background; what it writes is in `written`."""
    started = []

    def run(*arguments: str, epochs: int = 500) -> subprocess.Popen:
        command = [CLONE / 'tools' / 'dist_train.sh', digits_config, '2', '--work-dir']
        command += [tmp_path / 'run', *arguments, '--cfg-options', *OPTIONS]
        env = dict(os.environ, PYTHON=sys.executable, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='')
        with (tmp_path / 'written').open('w') as log:
            process = subprocess.Popen(
                [*command, f'train_cfg.max_epochs={epochs}'],
                env=env | dict(PYTHONPATH=str(CLONE)),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        for pid in [process.pid, *workers_of(tmp_path)]:
            if Path(f'/proc/{pid}').exists():
                os.kill(pid, signal.SIGKILL)
        process.wait()


def workers_of(tmp_path: Path, rank: int | None = None) -> list[int]:
    """The processes that train there, or the one of a rank; without workers of data loaders."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().split(b'\0')
            told = dict(
                w.split(b'=', 1) for w in (process / 'environ').read_bytes().split(b'\0')[:-1]
            )
            name = (process / 'comm').read_text()
        except (OSError, ValueError):
            continue
        ours = str(tmp_path / 'run').encode() in words and b'RANK' in told
        if ours and 'data' not in name and rank in (None, int(told[b'RANK'])):
            found.append(int(process.name))
    return found


def until(condition, seconds: float = 120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_a_killed_process_is_named_and_the_group_goes_on_to_the_end(start, tmp_path):
    run = start('--max-restarts', '1', epochs=12)
    until(lambda: list((tmp_path / 'run').glob('epoch_*.pth')))
    os.kill(workers_of(tmp_path, 1)[0], signal.SIGKILL)
    assert run.wait(200) == 0, (tmp_path / 'written').read_text()
    written = (tmp_path / 'written').read_text()
    assert 'error: process 1 of 2 has died' in written
    resumed = re.search(r'started again: \S+/epoch_(\d+)\.pth is resumed', written)
    assert 1 <= int(resumed[1]) < 12
    assert torch.load(tmp_path / 'run' / 'epoch_12.pth')['meta']['iter'] == 24
    (record,) = records.read_folder(tmp_path / 'run' / 'records')
    assert record.metrics['epochs'] == 12


def test_processes_without_their_launcher_leave_with_a_checkpoint(start, tmp_path):
    run = start()
    until(lambda: list((tmp_path / 'run').glob('epoch_*.pth')))
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: not workers_of(tmp_path), 30)
    written = (tmp_path / 'written').read_text()
    step = re.search(r'SIGTERM: the training has left after step (\d+), which', written)[1]
    assert torch.load(tmp_path / 'run' / f'iter_{step}.pth')['meta']['iter'] == int(step)
    assert not (tmp_path / 'run' / '.lock').exists()


def test_bad_input_is_not_tried_again_and_another_run_is_not_resumed(start, tmp_path):
    (tmp_path / 'run').mkdir()
    torch.save(dict(state_dict={}), tmp_path / 'run' / 'epoch_3.pth')
    run = start('--max-restarts', '3')
    assert run.wait(100) == 2
    written = (tmp_path / 'written').read_text()
    assert written.count('holds a run already') == 1
    assert 'started again' not in written


@pytest.mark.parametrize(
    ('more', 'program', 'wanted'),
    [
        (
            '',
            'srun',
            '-p P --job-name=J --gres=gpu:4 .* --signal=USR1@120 --time=1 .*train.py a.py ',
        ),
        ('--requeue', 'sbatch', '-p P .* --signal=USR1@120 --time=1 --requeue --open-mode=append'),
    ],
)
def test_slurm_warns_the_training_and_queues_it_again_if_asked(more, program, wanted, tmp_path):
    for name in ('srun', 'sbatch'):
        stand_in = tmp_path / name
        stand_in.write_text(f'#!/bin/sh\necho {name} "$@"\n[ {name} = srun ] || bash\n')
        stand_in.chmod(0o755)
    env = dict(os.environ, PATH=f'{tmp_path}:{os.environ["PATH"]}', GPUS_PER_NODE='4')
    done = subprocess.run(
        [CLONE / 'tools' / 'slurm_train.sh', 'P', 'J', 'a.py', *more.split(), '--scale', "it's"],
        env=env | dict(SRUN_ARGS='--time=1'),
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert re.match(f'{program} {wanted}', lines[0]), done
    train = f"train.py a.py --launcher slurm {more + ' ' * bool(more)}--scale it's"
    assert lines[-1].endswith(train)
    assert re.match(
        r'srun .*--kill-on-bad-exit=1 .*--cpus-per-task=8|srun .*=8 .*exit=1', lines[-1]
    )


def test_a_signal_to_the_whole_group_ends_one_process_and_its_workers_and_resume_goes_on(
    digits_config, tmp_path
):
    """As Slurm sends it: the workers of the data loader have to serve the step in progress."""
    command = [sys.executable, CLONE / 'tools' / 'train.py', digits_config]
    command += ['--work-dir', tmp_path / 'run']
    options = ['--cfg-options', *OPTIONS, 'train_cfg.max_epochs={}', 'param_scheduler.warmup=1']
    env = dict(os.environ, PYTHONPATH=str(CLONE), OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='')
    pipes = dict(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
    long = [word.format(900) for word in options]
    with subprocess.Popen([*command, *long], start_new_session=True, **pipes) as run:
        until(lambda: list((tmp_path / 'run').glob('epoch_*.pth')))
        os.killpg(run.pid, signal.SIGTERM)
        _, told = run.communicate(timeout=60)
    assert run.returncode == 143
    step = int(re.search(r'SIGTERM: the training has left after step (\d+), which', told)[1])
    assert torch.load(tmp_path / 'run' / f'iter_{step}.pth')['meta']['iter'] == step
    with pytest.raises(ProcessLookupError):
        until(lambda: os.killpg(run.pid, 0), 20)
    epochs = step // 4 + 1
    done = subprocess.run([*command, '--resume', *[w.format(epochs) for w in options]], **pipes)
    assert done.returncode == 0, done.stderr
    assert torch.load(tmp_path / 'run' / f'epoch_{epochs}.pth')['meta']['iter'] == 4 * epochs
