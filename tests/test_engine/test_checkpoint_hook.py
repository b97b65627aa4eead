"""No kill, restart or other CheckpointHook leaves a run without a good checkpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmbarlow.config import load_config
from mmbarlow.engine.checkpoint_hook import CheckpointHook
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.files import TEMPORARY

ROOT = Path(__file__).parents[2]
NARROW = [
    *('model.backbone.stem_channels=8', 'model.backbone.base_channels=8'),
    'model.neck.in_channels=64',
]


@HOOKS.register_module()
class Saves(Hook):
    """Saves at a step of the second epoch, and counts the checkpoints that are there."""

    found: set[str] = set()  # noqa: RUF012

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter == 2:
            (hook,) = [h for h in runner.hooks if isinstance(h, CheckpointHook)]
            path = hook.save_now(runner)
            assert path == Path(runner.work_dir, 'iter_3.pth')
            assert torch.load(path)['meta']['iter'] == 3
            assert Path(runner.work_dir, 'last_checkpoint').read_text() == path.name
        self.found |= {path.name for path in Path(runner.work_dir).glob('*.pth')}


@HOOKS.register_module()
class StopsEarly(Hook):
    """After two epochs, as MMEngine's EarlyStoppingHook."""

    def before_train_epoch(self, runner) -> None:
        runner.train_loop.stop_training = runner.epoch == 1


@pytest.fixture
def train(digits_config, small, tmp_path):
    """Train two steps an epoch in tmp_path/run with this hook for checkpoints."""

    def run(checkpoint: dict, epochs: int, *options: str, resume: bool = False, **entries) -> Path:
        pairs = [*small, *NARROW, *options, f'train_cfg.max_epochs={epochs}']
        values = {k: DictAction._parse_iterable(v) for k, v in (p.split('=', 1) for p in pairs)}
        cfg = load_config(digits_config, {}, str(tmp_path / 'run'))
        if 'val_evaluator' not in entries:
            cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.merge_from_dict(values)
        cfg.default_hooks.checkpoint = checkpoint
        for key, value in entries.items():
            cfg[key] = value
        if resume:
            resume_from(cfg)
        pretrain(cfg, quiet=True)
        return tmp_path / 'run'

    return run


def names(folder: Path) -> list[str]:
    backbone = 'barlowtwins_resnet18_1xb128-coslr-70e_digits_backbone.pth'
    return sorted(path.name for path in folder.glob('*.pth') if path.name != backbone)


def test_checkpoints_of_before_each_restart_are_deleted_too(train):
    own = dict(type='mmbarlow.CheckpointHook', interval=1, max_keep_ckpts=2)
    assert names(train(own, 2)) == ['epoch_1.pth', 'epoch_2.pth']
    assert names(train(own, 3, resume=True)) == ['epoch_2.pth', 'epoch_3.pth']
    folder = train(own | dict(max_keep_ckpts=1), 4, resume=True)
    assert names(folder) == ['epoch_4.pth']
    assert (folder / 'last_checkpoint').read_text() == 'epoch_4.pth'


def test_a_checkpoint_at_a_step_is_on_disk_when_save_now_returns(train):
    own = dict(type='mmbarlow.CheckpointHook', interval=1, max_keep_ckpts=2)
    Saves.found = set()
    folder = train(own, 3, custom_hooks=[dict(type='Saves')])
    assert 'iter_3.pth' in Saves.found
    assert names(folder) == ['epoch_2.pth', 'epoch_3.pth']


@pytest.mark.parametrize('kind', ['CheckpointHook', 'mmengine.CheckpointHook'])
def test_mmengines_hook_in_a_config_is_ours_with_all_its_arguments(kind, train):
    theirs = dict(type=kind, interval=1, max_keep_ckpts=1, filename_tmpl='step-{}.pth')
    theirs |= dict(save_begin=2, published_keys=['state_dict'], save_optimizer=False)
    folder = train(theirs, 3)
    (published,) = folder.glob('step-3-*.pth')
    assert names(folder) == sorted(['step-3.pth', published.name])
    assert set(torch.load(published)) == {'state_dict'}
    assert 'optimizer' not in torch.load(folder / 'step-3.pth')
    assert (folder / 'last_checkpoint').read_text() == 'step-3.pth'


def test_minutes_add_checkpoints_and_the_last_step_has_one(train):
    often = dict(type='mmbarlow.CheckpointHook', interval=-1, minutes=1e-9, max_keep_ckpts=9)
    folder = train(often, 2)
    # after the last step of an epoch, the epoch's own is written
    assert names(folder) == ['epoch_1.pth', 'epoch_2.pth', 'iter_1.pth', 'iter_3.pth']
    assert torch.load(folder / 'iter_3.pth')['meta']['iter'] == 3


def test_the_best_is_there_until_a_better_one_is_and_is_known_to_a_resumed_run(train, tmp_path):
    own = dict(type='mmbarlow.CheckpointHook', interval=1, save_best='KNN/top1_k10')
    own |= dict(rule='greater', max_keep_ckpts=1)
    cfg = load_config(
        next((ROOT / 'configs' / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')),
        {},
        '',
    )
    val = {key: cfg[key] for key in ('val_dataloader', 'val_cfg', 'val_evaluator')}
    folder = train(own, 2, 'train_cfg.val_interval=1', **val)
    (best,) = folder.glob('best_*.pth')
    score = torch.load(folder / 'epoch_2.pth')['best']['best_score']
    before = best.read_bytes()
    # the log of this start says what it measured; it replaces the best only if it is better
    train(own, 3, 'train_cfg.val_interval=1', resume=True, **val)
    lines = sorted(folder.glob('*/vis_data/scalars.json'))[-1].read_text().splitlines()
    again, now = [p['KNN/top1_k10'] for p in map(json.loads, lines) if 'KNN/top1_k10' in p]
    (after,) = folder.glob('best_*.pth')
    # the validation after the checkpoint that is resumed is made again
    assert torch.load(folder / 'epoch_3.pth')['best']['best_score'] == max(score, again, now)
    unchanged = after.name == best.name and after.read_bytes() == before
    assert unchanged == (max(again, now) <= score)


def test_a_run_that_stops_early_has_a_last_checkpoint(train):
    own = dict(type='mmbarlow.CheckpointHook', interval=10)
    folder = train(own, 4, custom_hooks=[dict(type='StopsEarly')])
    assert names(folder) == ['iter_4.pth']
    assert torch.load(folder / 'iter_4.pth')['meta']['epoch'] == 2


KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from mmbarlow.checkpoints import guard_weights
from mmbarlow.config import load_config
from mmbarlow.engine.last_checkpoint import last_checkpoint_in
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.files import TEMPORARY
from yapf.yapflib import yapf_api

config, folder, *pairs = sys.argv[1:]
folder, rng = Path(folder), random.Random(0)
guard_weights()
yapf_api.FormatCode = lambda text, **_: (text, True)  # as in conftest.py

def train(to, keep):
    child = os.fork()
    if child:
        return child
    options = dict(pair.split('=', 1) for pair in pairs)
    options = {k: int(v) if v.isdigit() else v == 'True' for k, v in options.items()}
    cfg = load_config(config, options, str(to))
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint.max_keep_ckpts = keep
    if last_checkpoint_in(to)[0]:
        resume_from(cfg)
    try:
        pretrain(cfg, quiet=True)
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)
    os._exit(0)

def kill_one(to, keep):
    # at a random moment of writing one of the first files of this start
    child, seen, before = train(to, keep), rng.randrange(1, 4), set()
    while seen:
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
        now = {p.name for p in to.glob(TEMPORARY + '*')} if to.is_dir() else set()
        seen -= bool(now - before)
        before |= now
        time.sleep(0.001)
    time.sleep(rng.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    last_checkpoint_in(to)  # raises if there are some and none is good
    assert len(list(to.glob('epoch_*.pth'))) <= keep + 1

assert os.waitpid(train(folder / 'whole', 1), 0)[1] == 0
for keep in (1, 2):
    for _ in range(3 - keep):
        kill_one(folder / f'keep{keep}', keep)
    assert os.waitpid(train(folder / f'keep{keep}', keep), 0)[1] == 0
"""


def test_kills_while_a_checkpoint_is_written_lose_no_run(digits_config, small, tmp_path):
    options = [*small, *NARROW, 'train_cfg.max_epochs=4', 'default_hooks.checkpoint.interval=1']
    options += ['model.neck.hid_channels=700']  # 10 MB to write
    done = subprocess.run(
        [sys.executable, '-c', KILLER, digits_config, tmp_path, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'),
    )
    assert done.returncode == 0, done.stdout
    whole = torch.load(tmp_path / 'whole' / 'epoch_4.pth')['state_dict']
    for keep in (1, 2):
        folder = tmp_path / f'keep{keep}'
        killed = torch.load(folder / 'epoch_4.pth')['state_dict']
        assert all(torch.equal(tensor, killed[name]) for name, tensor in whole.items())
        left = sorted(path.name for path in folder.glob('epoch_*.pth'))
        assert left == sorted(f'epoch_{number}.pth' for number in range(5 - keep, 5))
        assert not list(folder.glob(f'{TEMPORARY}*'))


CLOCKS = """
import time
import torch.distributed as dist
from mmbarlow.engine.shared_clock import STEPS, SharedClock
from mmbarlow.launch import leave_together, start_processes

start_processes('pytorch')
rank = dist.get_rank()
clock = SharedClock(0 if rank == 0 else 1e9)  # theirs differ
said = [clock.has_passed() for _ in range(3 * STEPS)]
assert [i for i, over in enumerate(said) if over] == [2 * STEPS - 1, 3 * STEPS - 1], said
clock.restart()
assert not any(clock.has_passed() for _ in range(2 * STEPS - 1))
assert clock.has_passed()
clock.finish()
leave_together()
"""


def test_all_processes_go_by_the_clock_of_the_first(run_processes, tmp_path):
    (tmp_path / 'clocks.py').write_text(CLOCKS)
    run_processes(2, tmp_path / 'clocks.py')


def test_a_full_disk_ends_the_run_in_a_sentence_and_leaves_what_was_there(train, tmp_path):
    resource = pytest.importorskip('resource')
    own = dict(type='mmbarlow.CheckpointHook', interval=1, max_keep_ckpts=2)
    folder = train(own, 1)
    (limit,) = {resource.getrlimit(resource.RLIMIT_FSIZE)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limit[1]))
    try:
        with pytest.raises(InputError, match=r'cannot write .*epoch_2.pth: File too large\. The c'):
            train(own, 4, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert names(folder) == ['epoch_1.pth']
    assert not list(folder.glob(f'{TEMPORARY}*'))
    assert names(train(own, 2, resume=True)) == ['epoch_1.pth', 'epoch_2.pth']
