"""A run that is resumed at any step ends as the one that was never interrupted, bit for bit."""

import copy
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmbarlow import launch
from mmbarlow.config import load_config
from mmbarlow.engine import signals_hook
from mmbarlow.engine.checkpoint_hook import CheckpointHook
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import world_size
from mmbarlow.zoo.curve import read_curve

sys.path.append(str(Path(__file__).parents[2] / 'tools'))

from attacks.trainings import OPTIONS, TABLE  # noqa: E402

CONFIGS = Path(__file__).parents[2] / 'configs'
SAVED = (5, 6)  # within the second epoch of three steps, and at its end before its validation
OF_A_START = re.compile(
    '.*time.*|.*/experiment_name|/meta/(log|cfg|settings/custom_hooks.SavesAt.*)|/run/told/eta'
)


@HOOKS.register_module()
class SavesAt(Hook):
    """Writes a checkpoint after each of the steps."""

    priority = 'LOWEST'

    def __init__(self, steps: tuple[int, ...]) -> None:
        self.steps = steps

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter + 1 in self.steps:
            (hook,) = (h for h in runner.hooks if isinstance(h, CheckpointHook))
            hook.save_now(runner)


def config_of(name: str, folder: Path, resume: Path | None = None, steps: tuple[int, ...] = ()):
    file, options, entries = TABLE[name]
    pairs = dict(option.split('=', 1) for option in [*OPTIONS, *options])
    values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}
    cfg = load_config(CONFIGS / file, values, str(folder))
    cfg.merge_from_dict(copy.deepcopy(entries))
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='SavesAt', steps=steps)]
    if resume:
        resume_from(cfg, str(resume))
    return cfg


def differences(a, b, at: str = '') -> list[str]:
    """Where two nested values differ, but for what times and names of files are."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [key for key in {**a, **b} if not OF_A_START.fullmatch(f'{at}/{key}')]
        pairs = [(key, a.get(key, 'none'), b.get(key, 'none')) for key in keys]
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        pairs = [(key, *pair) for key, pair in enumerate(zip(a, b, strict=True))]
    elif isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return [] if torch.equal(a, b) else [at]
    else:
        return [] if a == b else [at]
    return [found for key, x, y in pairs for found in differences(x, y, f'{at}/{key}')]


def lines_of(folder: Path) -> list[dict]:
    """What the last start has logged."""
    path = sorted(folder.glob('*/vis_data/scalars.json'))[-1]
    return [json.loads(line) for line in path.read_text().splitlines()]


def check_resumed(name: str, folder: Path, prepared=lambda cfg: None) -> None:
    """Train, resume two checkpoints, and compare all that the last checkpoint and the log say."""

    def run(part: str, **kwargs) -> tuple[dict, list[dict]]:
        cfg = config_of(name, folder / part, **kwargs)
        prepared(cfg)
        pretrain(cfg, quiet=True)
        last = 'iter_9.pth' if name in ('iterations', 'endless') else 'epoch_3.pth'
        return torch.load(folder / part / last), lines_of(folder / part)

    whole, told = run('whole', steps=SAVED)
    curve = read_curve(folder / 'whole')
    for step in SAVED:
        resumed, told_then = run(f'from_{step}', resume=folder / 'whole' / f'iter_{step}.pth')
        assert differences(whole, resumed) == []
        assert told_then
        assert read_curve(folder / f'from_{step}') == curve
        assert differences(told[-len(told_then) :], told_then) == []


@pytest.mark.parametrize('name', ['plain', 'iterations'])
def test_what_is_saved_before_a_long_validation_resumes_bit_for_bit(name, tmp_path, monkeypatch):
    monkeypatch.setattr(signals_hook, 'LONG', 0.0)
    last = dict(plain='epoch_3.pth', iterations='iter_9.pth')[name]

    def run(part: str, resume: Path | None = None) -> dict:
        cfg = config_of(name, tmp_path / part, resume)
        cfg.default_hooks.checkpoint.interval = 3 if name == 'plain' else 9
        pretrain(cfg, quiet=True)
        return torch.load(tmp_path / part / last)

    whole = run('whole')
    assert differences(whole, run('resumed', tmp_path / 'whole' / 'iter_6.pth')) == []


@pytest.mark.parametrize('name', TABLE)
def test_a_run_resumed_within_and_at_the_end_of_an_epoch_goes_on_bit_for_bit(name, tmp_path):
    check_resumed(name, tmp_path)


def test_a_fresh_start_does_not_take_the_queue_that_an_earlier_run_has_left_there(tmp_path):
    states = []
    for _ in range(2):
        pretrain(config_of('swav_queue', tmp_path), quiet=True, force=True)
        assert (tmp_path / 'queue.pth').is_file()
        states.append(torch.load(tmp_path / 'epoch_3.pth'))
    assert differences(*states) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ('processes', 'name'),
    [(2, 'mocov2'), (2, 'accumulated'), (2, 'supervised_workers'), (4, 'plain')],
)
def test_processes_that_are_resumed_go_on_bit_for_bit(processes, name, tmp_path, run_processes):
    run_processes(processes, __file__, name, tmp_path)


@pytest.fixture(scope='module')
def plain(tmp_path_factory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp('plain')
    pretrain(config_of('plain', folder, steps=SAVED), quiet=True)
    return folder


def log_of(folder: Path) -> str:
    return sorted(folder.glob('*/*.log'))[-1].read_text()


@pytest.mark.parametrize('step', SAVED)
def test_other_schedules_count_within_an_epoch_too(step, tmp_path):
    """The one of epochs has not moved for an epoch whose end is still to come."""
    new = dict(type='MultiStepLR', by_epoch=True, milestones=[1, 2], gamma=0.1)
    schedules = [dict(new, milestones=[1]), new]

    def train(part: str, schedule: dict, **kwargs) -> dict:
        cfg = config_of('plain', tmp_path / part, **kwargs)
        cfg.param_scheduler = schedule
        pretrain(cfg, quiet=True)
        return torch.load(tmp_path / part / 'epoch_3.pth')

    train('old', schedules[0], steps=(step,))
    resumed = train('resumed', new, resume=tmp_path / 'old' / f'iter_{step}.pth')
    whole = train('whole', new)
    assert resumed['param_schedulers'] == whole['param_schedulers']
    rates = [run['optimizer']['param_groups'][0]['lr'] for run in (resumed, whole)]
    assert rates == pytest.approx([1e-5, 1e-5])


@HOOKS.register_module()
class Statistics(Hook):
    """Those of the first BN before the first step."""

    seen: list[torch.Tensor] = []  # noqa: RUF012

    def before_train(self, runner) -> None:
        self.seen[:] = [runner.model.backbone.bn1.running_mean.clone()]


def test_one_process_goes_on_with_the_mean_of_the_statistics_of_two(plain, tmp_path):
    checkpoint = torch.load(plain / 'iter_5.pth')
    own = checkpoint['state_dict']['backbone.bn1.running_mean']
    (first,) = checkpoint['run']['processes']
    second = dict(first, buffers={'backbone.bn1.running_mean': own + 1})
    checkpoint['run']['processes'] = [first, second]
    torch.save(checkpoint, tmp_path / 'iter_5.pth')
    cfg = config_of('plain', tmp_path / 'one', resume=tmp_path / 'iter_5.pth')
    cfg.custom_hooks = [dict(type='Statistics')]
    pretrain(cfg, quiet=True)
    torch.testing.assert_close(Statistics.seen[0], own + 0.5)
    assert 'is of 2 processes, and this run has 1: random numbers' in log_of(tmp_path / 'one')


def test_a_run_that_ended_before_its_export_exports(plain, tmp_path):
    folder = tmp_path / 'run'
    shutil.copytree(plain, folder)
    with pytest.raises(InputError, match='nothing to resume: .* is of epoch 3'):
        pretrain(config_of('plain', folder, resume=folder / 'epoch_3.pth'), quiet=True)
    (backbone,) = folder.glob('*_backbone.pth')
    whole = torch.load(backbone)['state_dict']
    backbone.unlink()
    pretrain(config_of('plain', folder, resume=folder / 'epoch_3.pth'), quiet=True)
    assert differences(whole, torch.load(backbone)['state_dict']) == []
    assert read_curve(folder) == read_curve(plain)


@pytest.mark.parametrize(
    'change',
    [
        lambda run: 5,
        lambda run: dict(position=run['position']),
        lambda run: dict(run, processes=[5]),
        lambda run: dict(run, log=dict(loss=[1.0])),
        lambda run: dict(run, processes=[dict(run['processes'][0], generators=dict(torch=1))]),
        lambda run: dict(run, processes=[dict(run['processes'][0], buffers=dict(none=1))]),
        lambda run: dict(run, position=dict(steps=4)),
    ],
)
def test_a_malformed_state_is_one_sentence(change, plain, tmp_path):
    checkpoint = torch.load(plain / 'iter_5.pth')
    checkpoint['run'] = change(checkpoint['run'])
    torch.save(checkpoint, tmp_path / 'iter_5.pth')
    with pytest.raises(InputError, match='iter_5.pth cannot be resumed'):
        pretrain(config_of('plain', tmp_path / 'run', resume=tmp_path / 'iter_5.pth'), quiet=True)
    assert not (tmp_path / 'run').exists()


@HOOKS.register_module()
class Counts(Hook):
    """Counts steps across interruptions."""

    kept = ('steps',)
    last = 0

    def __init__(self) -> None:
        self.steps = 0

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.steps += 1
        Counts.last = self.steps


def test_a_hook_keeps_what_it_names(tmp_path):
    for part, kwargs in (
        ('a', dict(steps=(5,))),
        ('b', dict(resume=tmp_path / 'a' / 'iter_5.pth')),
    ):
        cfg = config_of('plain', tmp_path / part, **kwargs)
        cfg.custom_hooks = [dict(type='Counts'), *cfg.custom_hooks]
        pretrain(cfg, quiet=True)
        assert Counts.last == 9


def prepare(cfg) -> None:
    launch.prepare_processes(cfg, 'pytorch')
    cfg.train_dataloader.batch_size //= world_size()


if __name__ == '__main__':
    check_resumed(sys.argv[1], Path(sys.argv[2]), prepare)
    launch.leave_together()
