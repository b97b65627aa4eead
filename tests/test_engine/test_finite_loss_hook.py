"""A step with NaN or Inf moves nothing, whatever made it, and the run does what the config says."""

import json
import sys
from pathlib import Path

import faults
import pytest
import torch
from faults import SeenStates, same
from mmengine.hooks import Hook
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import HOOKS, OPTIM_WRAPPERS
from torch.amp import GradScaler

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.engine.finite_loss_hook import FiniteLossHook
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.weight_files import read_plain

FAULTS = ['view', 'Overflow', 'RootAtZero', 'WideStatistics']
ADAMW = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, fused=True))
SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, fused=True))
PLAIN = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
ADAM = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))


def kind(wrapper: dict) -> str:
    return wrapper['optimizer']['type'] + ' fused' * wrapper['optimizer'].get('fused', False)


def put(cfg, fault: str, *steps: int, **more) -> None:
    if fault == 'view':
        faults.poison_views(cfg, *steps, **more)
    else:
        faults.break_neck(cfg, fault, *steps, **more)


@pytest.fixture
def run(digits_config, tmp_path):
    """Train with a guard and an optimizer wrapper; `fault` and the steps where it is."""

    def train(
        fault: str | None, *steps: int, guard=None, wrapper=faults.LARS, options=(), name='', **more
    ):
        entries = dict(optim_wrapper=wrapper) | more
        cfg = faults.config(digits_config, tmp_path / name, *options, guard=guard, **entries)
        if fault:
            put(cfg, fault, *steps)
        pretrain(cfg, quiet=True)
        return cfg

    return train


def log_of(folder: Path) -> str:
    return ''.join(path.read_text() for path in sorted(folder.glob('*/*.log')))


@pytest.mark.parametrize('fault', FAULTS)
def test_a_bad_step_moves_nothing_and_the_next_one_trains(fault, run, tmp_path):
    run(fault, 3, guard=dict(action='skip'))
    assert same(SeenStates.before[3], SeenStates.after[3])
    assert not same(SeenStates.before[4], SeenStates.after[4])
    assert len(SeenStates.after) == 8
    assert all(v.isfinite().all() for v in SeenStates.after[8].values())
    assert 'the batch of step 3 is skipped' in log_of(tmp_path)
    assert read_checkpoint(tmp_path / 'epoch_2.pth')['guard'] == dict(
        rate=1.0, skips=1, rollbacks=0
    )


@pytest.mark.parametrize('wrapper', [faults.LARS, ADAMW, SGD, PLAIN, ADAM], ids=kind)
@pytest.mark.parametrize('fault', ['view', 'WideStatistics'])
def test_where_the_host_is_ahead_the_mask_keeps_all_until_it_knows(fault, wrapper, run, tmp_path):
    run(fault, 2, guard=dict(action='skip', lag=2), wrapper=wrapper)
    for step in (2, 3, 4):
        assert same(SeenStates.before[2], SeenStates.after[step]), step
    assert not same(SeenStates.before[5], SeenStates.after[5])
    assert 'the batch of step 2 and the 2 after it is skipped' in log_of(tmp_path)


@pytest.mark.parametrize('wrapper', [faults.LARS, ADAMW, SGD], ids=kind)
def test_a_bad_first_step_leaves_no_state(wrapper, run):
    run('view', 1, guard=dict(action='skip', lag=2), wrapper=wrapper)
    assert same(SeenStates.before[1], SeenStates.after[3])
    assert all(v.isfinite().all() for v in SeenStates.after[8].values())


@pytest.mark.parametrize('wrapper', [faults.LARS, ADAMW, ADAM], ids=kind)
def test_without_a_bad_step_the_mask_changes_no_bit(wrapper, run):
    run(None, guard=dict(lag=0), wrapper=wrapper)
    plain = SeenStates.after[8]
    run(None, guard=dict(lag=2), wrapper=wrapper, name='other')
    assert same(plain, SeenStates.after[8])


@pytest.mark.parametrize('step', [4, 7])
def test_a_bad_step_is_answered_before_an_epoch_is_saved(step, run, tmp_path):
    with pytest.raises(InputError, match=f'at step {step}'):
        run('view', step, guard=dict(lag=2))
    assert len(list(tmp_path.glob('epoch_*.pth'))) == (step > 4)


def test_the_run_stops_with_the_image_the_dump_and_good_checkpoints(run, tmp_path):
    with pytest.raises(InputError) as stopped:
        run('view', 6)
    said = str(stopped.value)
    assert said.startswith(
        'the loss is nan at step 6; 1 of the views of this batch hold NaN or Inf'
    )
    dump = tmp_path / 'dumps' / 'nonfinite_step_6.pth'
    assert f'tools/replay.py {dump} says where' in said
    content = read_plain(dump)
    assert f'Look at your images: {content["images"][1]}.' in said
    assert same(content['state_dict'], {k: v for k, v in SeenStates.before[6].items() if '.' in k})
    assert [tuple(view.shape) for view in content['inputs']] == [(8, 3, 32, 32)] * 2
    assert content['keys'][0][:2] == [0, 1]  # seed and epoch
    assert not torch.tensor(list(content['gradients'].values())).isfinite().all()
    assert [path.name for path in tmp_path.glob('epoch_*.pth')] == ['epoch_1.pth']


def test_a_rate_that_breaks_the_weights_is_named(run):
    wrapper = dict(PLAIN, optimizer=dict(type='SGD', lr=1e30))
    with pytest.raises(InputError, match=r'at step 2; .* are finite .*lr \(9\.62e\+29 at'):
        run(None, wrapper=wrapper)


def test_weights_that_an_update_has_made_infinite_are_not_saved(run, tmp_path):
    wrapper = dict(PLAIN, optimizer=dict(type='SGD', lr=1e38))
    with pytest.raises(InputError, match=r'no checkpoint is written|since an earlier update'):
        run(None, wrapper=wrapper, options=['train_dataloader.dataset.indices=8'])
    assert not list(tmp_path.glob('epoch_*.pth'))


def test_skips_are_bounded_in_a_row_and_in_all(run):
    with pytest.raises(InputError, match='3 batches had to be skipped in a row, more than allowed'):
        run('view', 2, 3, 4, guard=dict(action='skip', max_in_a_row=2))
    with pytest.raises(InputError, match='2 batches had to be skipped in all, more than allowed'):
        run('view', 2, 6, guard=dict(action='skip', max_skips=1), name='other')


@HOOKS.register_module()
class Heals(Hook):
    """Of a rate that is too high for this data from the second epoch on: bad above a rate."""

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        rate = runner.optim_wrapper.optimizer.param_groups[0]['lr']
        preprocessor = runner.model.data_preprocessor
        preprocessor.steps = (6,) if rate > 0.05 else ()


def test_a_rollback_goes_back_lowers_the_rate_and_gets_through(run, tmp_path):
    cfg_hooks = [dict(type='Heals'), dict(type='SeenStates')]
    guard = dict(action='rollback', factor=0.5)
    run('view', guard=guard, custom_hooks=cfg_hooks)
    rates, states = dict(SeenStates.rates), dict(SeenStates.after)
    assert max(states) == 8
    saved = read_checkpoint(tmp_path / 'epoch_2.pth')['guard']
    assert saved['rollbacks'] > 0
    assert saved['rate'] == 0.5 ** saved['rollbacks']
    log = log_of(tmp_path)
    assert f'Rolled back to {tmp_path / "epoch_1.pth"}, with 0.5 times the rates' in log
    # the schedule itself is that of a run without a fault
    run(None, name='other')
    assert rates[6] == pytest.approx(SeenStates.rates[6] * saved['rate'], rel=1e-12)


def test_the_lower_rate_goes_on_after_a_resume_and_rollbacks_are_bounded(
    run, digits_config, tmp_path
):
    hooks = [dict(type='Heals'), dict(type='SeenStates')]
    run('view', guard=dict(action='rollback'), custom_hooks=hooks)
    factor = read_checkpoint(tmp_path / 'epoch_2.pth')['guard']['rate']
    cfg = faults.config(
        digits_config, tmp_path, 'train_cfg.max_epochs=3', optim_wrapper=faults.LARS
    )
    resume_from(cfg)
    pretrain(cfg, quiet=True)
    lowered = dict(SeenStates.rates)
    run(None, options=['train_cfg.max_epochs=3'], name='other')
    assert lowered[10] == pytest.approx(SeenStates.rates[10] * factor, rel=1e-12)
    with pytest.raises(InputError, match='was rolled back 2 times already'):
        run('view', 6, guard=dict(action='rollback', max_rollbacks=2), name='third')


def test_without_a_checkpoint_there_is_nothing_to_roll_back_to(run):
    with pytest.raises(InputError, match='no checkpoint to roll back to yet'):
        run('view', 2, guard=dict(action='rollback'))


def test_accumulated_gradients_go_with_the_bad_one(run):
    wrapper = dict(faults.LARS, accumulative_counts=2)
    run('view', 3, guard=dict(action='skip'), wrapper=wrapper)
    assert same(SeenStates.before[3], SeenStates.after[3])
    assert not same(SeenStates.before[4], SeenStates.after[4])
    assert all(v.isfinite().all() for v in SeenStates.after[8].values())


def test_clipping_does_not_hide_a_bad_gradient(run):
    wrapper = dict(faults.LARS, clip_grad=dict(max_norm=1.0))
    run('RootAtZero', 2, guard=dict(action='skip', lag=2), wrapper=wrapper)
    assert same(SeenStates.before[2], SeenStates.after[4])


@OPTIM_WRAPPERS.register_module()
class ScaledOptimWrapper(AmpOptimWrapper):
    """AmpOptimWrapper on a CPU, which MMEngine refuses, with torch's scaler for CPUs."""

    def __init__(self, scale: float, **kwargs) -> None:
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        self.cast_dtype = torch.bfloat16
        self.loss_scaler = GradScaler('cpu', init_scale=scale)


@pytest.mark.parametrize('lag', [0, 2])
def test_the_overflow_of_a_loss_scale_is_the_scalers_and_no_fault(lag, run):
    """2^120 overflows the gradients; a few steps later the scale fits, and the run trains."""
    wrapper = dict(faults.LARS, type='ScaledOptimWrapper', scale=2.0**127)
    run(None, guard=dict(lag=lag), wrapper=wrapper)
    assert same(
        {k: v for k, v in SeenStates.before[1].items() if 'weight' in k},
        {k: v for k, v in SeenStates.after[1].items() if 'weight' in k},
    )


@pytest.mark.parametrize('lag', [0, 2])
@pytest.mark.parametrize('fault', ['view', 'RootAtZero'])
def test_with_a_scaler_what_no_scale_helps_is_a_fault(fault, lag, run):
    wrapper = dict(faults.LARS, type='ScaledOptimWrapper', scale=1.0)
    run(fault, 2, guard=dict(action='skip', lag=lag), wrapper=wrapper)
    for step in range(2, 3 + lag):
        assert same(SeenStates.before[2], SeenStates.after[step]), step


def test_values_that_make_no_sense_are_refused():
    for wrong in (dict(action='hope'), dict(factor=2), dict(lag=-1)):
        with pytest.raises(InputError, match=next(iter(wrong))):
            FiniteLossHook(**wrong)


RANK_LOCAL = {'view': 0, 'RootAtZero': 2, 'Overflow': 0}  # and the lag; BN is of all processes


@pytest.mark.slow
def test_two_processes_skip_the_same_step_when_one_has_a_bad_batch(
    run_processes, digits_config, tmp_path
):
    run_processes(2, __file__, digits_config, tmp_path)
    for fault, lag in RANK_LOCAL.items():
        folder = tmp_path / fault
        a, b = (json.loads((folder / f'{rank}.json').read_text()) for rank in (0, 1))
        assert a == b
        assert a['unmoved'] == list(range(2, 3 + lag))
        dumps = [folder / 'dumps' / f'nonfinite_step_2{end}.pth' for end in ('', '_rank1')]
        whole, own = map(read_plain, dumps)
        assert whole['processes'] == 2
        assert set(own['images']).isdisjoint(whole['images'])
        assert f'the batch of step 2{" and the 2 after it" * bool(lag)} is skipped' in log_of(
            folder
        )


def train_as_one_of_two(config: str, folder: str) -> None:
    """The second process has the fault; each writes what it has after its steps."""
    from mmbarlow.launch import leave_together, prepare_processes
    from mmbarlow.loss.distributed import rank

    for fault, lag in RANK_LOCAL.items():
        place = Path(folder, fault)
        images = 'train_dataloader.dataset.indices=64'
        cfg = faults.config(Path(config), place, images, guard=dict(action='skip', lag=lag))
        put(cfg, fault, 2, processes=(1,))
        prepare_processes(cfg, 'pytorch')
        pretrain(cfg, quiet=True)
        before, after = SeenStates.before, SeenStates.after
        # BN statistics are each process's own, and the second process has none of the fault's
        weights = {k: v.sum().item() for k, v in after[max(after)].items() if 'running' not in k}
        found = dict(unmoved=[n for n in after if same(before[n], after[n])], weights=weights)
        (place / f'{rank()}.json').write_text(json.dumps(found))
    leave_together()


if __name__ == '__main__':
    train_as_one_of_two(*sys.argv[1:])
