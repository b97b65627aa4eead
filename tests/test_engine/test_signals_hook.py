"""A training that gets a signal leaves at the end of its step, and its checkpoint is of that step.

The signals are real, and sent by the process to itself at a chosen point.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmbarlow.config import load_config
from mmbarlow.engine import signals_hook
from mmbarlow.engine.pretraining import pretrain
from mmbarlow.errors import InputError
from mmbarlow.signals import Signaled

SMALL = [
    *('model.backbone.stem_channels=8', 'model.backbone.base_channels=8'),
    *('model.neck.in_channels=64', 'train_cfg.max_epochs=3'),
]


@HOOKS.register_module()
class ActAt(Hook):
    """Calls what the test gives it at a point of the training, once."""

    point = ''
    act: Callable = staticmethod(lambda runner: None)

    def _reach(self, runner, point: str) -> None:
        if point == ActAt.point:
            ActAt.point = ''
            ActAt.act(runner)

    def before_run(self, runner) -> None:
        self._reach(runner, 'start')

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self._reach(runner, f'step {runner.iter + 1}')

    def before_save_checkpoint(self, runner, checkpoint) -> None:
        self._reach(runner, 'save')

    def before_val_epoch(self, runner) -> None:
        self._reach(runner, 'validation')


def send(*signals: int) -> Callable:
    return lambda runner: [os.kill(os.getpid(), each) for each in signals]


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    """Under nohup, or in the background of a script, a process ignores some signals."""
    ignored = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in ignored.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def train(digits_config, small, tmp_path, monkeypatch):
    """Train two steps an epoch and act at a point; returns the work dir and what ended it."""

    def run(
        point: str, act: Callable, *options: str, validate: bool = False, **keywords
    ) -> tuple[Path, Signaled | None]:
        monkeypatch.setattr(ActAt, 'point', point)
        monkeypatch.setattr(ActAt, 'act', staticmethod(act))
        pairs = dict(option.split('=', 1) for option in [*small, *SMALL, *options])
        values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}
        cfg = load_config(digits_config, values, str(tmp_path / 'run'))
        if not validate:
            cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='ActAt')]
        try:
            pretrain(cfg, quiet=True, **keywords)
        except Signaled as news:
            return tmp_path / 'run', news
        return tmp_path / 'run', None

    return run


def numbers(path: Path) -> tuple[int, int]:
    meta = torch.load(path)['meta']
    return meta['epoch'], meta['iter']


@pytest.mark.parametrize(
    ('name', 'status'),
    [('SIGTERM', 143), ('SIGINT', 130), ('SIGHUP', 129), ('SIGUSR1', 138), ('SIGUSR2', 140)],
)
def test_the_checkpoint_is_of_the_step_in_progress(name, status, train):
    handlers = {s: signal.getsignal(s) for s in signal.valid_signals()}
    folder, news = train('step 3', send(getattr(signal, name)))
    assert news is not None
    assert (news.status, news.together) == (status, True)
    assert str(news) == (
        f'{name}: the training has left after step 3, which {folder / "iter_3.pth"} holds; the '
        'same command with --resume continues.'
    )
    assert numbers(folder / 'iter_3.pth') == (1, 3)
    assert not (folder / 'records').exists()
    assert not (folder / '.lock').exists()
    assert {s: signal.getsignal(s) for s in signal.valid_signals()} == handlers


def test_a_second_interrupt_leaves_at_once_and_a_second_term_is_a_launchers_echo(train):
    folder, news = train('step 3', send(signal.SIGINT, signal.SIGINT))
    assert 'left at once; the steps since the last checkpoint are lost' in str(news)
    assert not list(folder.glob('iter_*'))
    _, news = train('step 3', send(signal.SIGINT, signal.SIGTERM, signal.SIGTERM), force=True)
    assert 'SIGINT: the training has left after step 3' in str(news)


def test_a_signal_before_the_first_step_leaves_nothing(train, monkeypatch):
    folder, news = train('start', send(signal.SIGTERM))
    assert str(news) == 'SIGTERM: left at once; what was not written yet is lost.'
    assert not folder.exists()


def test_an_ignored_hangup_is_ignored(train):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        folder, news = train('step 1', send(signal.SIGHUP), 'train_cfg.max_epochs=1')
    finally:
        signal.signal(signal.SIGHUP, before)
    assert news is None
    assert list(folder.glob('records/*.json'))


def test_a_signal_while_a_checkpoint_is_written_waits_for_it(train):
    folder, news = train('save', send(signal.SIGTERM), 'default_hooks.checkpoint.interval=1')
    assert 'after step 3' in str(news)
    assert numbers(folder / 'epoch_1.pth') == (1, 2)
    assert numbers(folder / 'iter_3.pth') == (1, 3)


@pytest.mark.parametrize(('interval', 'name'), [(9, 'iter_2.pth'), (1, 'epoch_1.pth')])
def test_a_long_validation_is_left_at_once_and_has_one_checkpoint_of_before_it(
    interval, name, train, monkeypatch
):
    monkeypatch.setattr(signals_hook, 'LONG', 0.0)
    options = ('train_cfg.val_interval=1', f'default_hooks.checkpoint.interval={interval}')
    folder, news = train('validation', send(signal.SIGTERM), *options, validate=True)
    assert 'only a validation is lost' in str(news)
    assert [path.name for path in folder.glob('*.pth')] == [name]
    assert numbers(folder / name) == (1, 2)


def test_a_short_validation_is_waited_for(train, monkeypatch):
    monkeypatch.setattr(signals_hook, 'LONG', 1e9)
    options = ('train_cfg.val_interval=1', 'default_hooks.checkpoint.interval=9')
    folder, news = train('validation', send(signal.SIGTERM), *options, validate=True)
    assert 'after step 3' in str(news)
    assert [path.name for path in folder.glob('*.pth')] == ['iter_3.pth']


def test_without_a_checkpoint_hook_the_sentence_says_what_is_lost(train):
    options = ('default_hooks.checkpoint=None',)
    folder, news = train('step 2', send(signal.SIGTERM), *options)
    assert 'after step 2, and nothing is saved: the config has no' in str(news)
    assert not list(folder.glob('*.pth'))


@pytest.fixture
def scontrol(tmp_path, monkeypatch) -> Path:
    """Stands for Slurm's command, which cannot run here, and writes down its arguments."""
    program = tmp_path / 'bin' / 'scontrol'
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" >> "$0.called"\necho no such job >&2\nexit $FAILS\n')
    program.chmod(0o755)
    monkeypatch.setenv('PATH', f'{program.parent}:{os.environ["PATH"]}')
    monkeypatch.setenv('FAILS', '0')
    return Path(f'{program}.called')


def test_slurms_warning_queues_the_job_again_once_the_checkpoint_is_written(
    train, scontrol, monkeypatch
):
    monkeypatch.setenv('SLURM_JOB_ID', '812')
    folder, news = train('step 3', send(signal.SIGUSR1), requeue=True)
    assert scontrol.read_text() == 'requeue 812\n'
    assert 'iter_3.pth holds; Slurm has queued job 812 again, which continues.' in str(news)
    monkeypatch.setenv('SLURM_ARRAY_JOB_ID', '800')
    monkeypatch.setenv('SLURM_ARRAY_TASK_ID', '12')
    monkeypatch.setenv('FAILS', '1')
    _, news = train('step 3', send(signal.SIGUSR2), requeue=True, force=True)
    assert scontrol.read_text().endswith('requeue 800_12\n')
    assert 'has not queued job 800_12 again (no such job): the same command with' in str(news)


def test_a_job_that_is_asked_to_end_or_did_not_ask_is_not_queued_again(
    train, scontrol, monkeypatch
):
    monkeypatch.setenv('SLURM_JOB_ID', '812')
    train('step 3', send(signal.SIGTERM), requeue=True)  # as scancel does
    train('step 3', send(signal.SIGUSR1), force=True)
    assert not scontrol.exists()


def test_without_slurm_there_is_nothing_to_queue_again(train, monkeypatch):
    monkeypatch.delenv('SLURM_JOB_ID', raising=False)
    with pytest.raises(InputError, match='--requeue is for jobs of Slurm, and the environment'):
        train('', send(), requeue=True)
