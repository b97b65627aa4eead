"""A dump names the place where NaN or Inf arose, whatever it was."""

import re

import faults
import pytest
import torch

from mmbarlow.engine.pretraining import pretrain
from mmbarlow.errors import InputError
from mmbarlow.weight_files import read_plain

PLACES = {
    'view': r'in input view 1 of image \d+, after PoisonedPreprocessor',
    'Overflow': r'in the forward pass, in the output of neck\.fault \(Overflow\)',
    'RootAtZero': r'in the backward pass, in the gradient of neck\.fault \(RootAtZero\)',
    'WideStatistics': r'in the forward pass, in the buffer running_var of neck\.fault\.bn \(Batch',
}
BF16 = dict(faults.LARS, type='mmbarlow.BF16OptimWrapper')


@pytest.fixture
def dump(digits_config, tmp_path):
    """Train up to a fault; returns the dump."""

    def train(fault: str, *steps: int, wrapper=faults.LARS, **options):
        cfg = faults.config(digits_config, tmp_path, optim_wrapper=wrapper)
        cfg.model.update(options)
        if fault == 'view':
            faults.poison_views(cfg, *steps)
        elif fault:
            faults.break_neck(cfg, fault, *steps)
        with pytest.raises(InputError):
            pretrain(cfg, quiet=True)
        (path,) = tmp_path.glob('dumps/nonfinite_step_*.pth')
        return path

    return train


@pytest.mark.parametrize('fault', PLACES)
def test_the_place_of_a_fault_is_named(fault, dump, run_tool):
    status, out, err = run_tool('replay.py', dump(fault, 3))
    assert status == 0, err
    first, *rest = out.splitlines()
    assert re.search(f'^step 3: it arises {PLACES[fault]}', first), out
    assert len(rest) > 20


@pytest.mark.parametrize('fault', ['Overflow', 'RootAtZero'])
def test_mixed_precision_and_chunks_are_replayed(fault, dump, run_tool):
    _, out, err = run_tool('replay.py', dump(fault, 2, wrapper=BF16, chunk_size=4))
    assert re.search(PLACES[fault], out), out + err


def test_a_rate_that_blew_up_the_weights_shows_the_layer_that_overflows(dump, run_tool):
    wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e30))
    _, out, err = run_tool('replay.py', dump('', wrapper=wrapper))
    assert re.search(r'^step 2: it arises in the forward pass, in the \w+ \S+ ?of', out), out + err


def test_a_step_that_is_finite_now_is_said_to_be(dump, run_tool, tmp_path):
    path = dump('Overflow', 3)
    content = read_plain(path)
    content['runtime']['iter'] = 0  # where the fault of this test is not
    torch.save(content, path)
    _, out, _ = run_tool('replay.py', path)
    assert out.startswith('step 3: the replay is finite, with a loss of ')
    assert 'the run had' in out


def test_what_is_no_dump_and_a_missing_config_are_told(dump, run_tool, tmp_path):
    path = dump('Overflow', 1)
    status, _, err = run_tool('replay.py', path, '--config', tmp_path / 'none.py')
    assert status == 2
    assert 'none.py' in err
    torch.save(dict(state_dict={}), tmp_path / 'other.pth')
    status, _, err = run_tool('replay.py', tmp_path / 'other.pth')
    assert status == 2
    assert 'is no dump of a step' in err
