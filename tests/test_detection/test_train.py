"""A detector trained with tools/train.py: one key gives it a pretrained network."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/benchmarks/voc_detection/faster-rcnn-c4_voc0712.py'


@pytest.fixture
def config(data, shrink, tmp_path) -> Path:
    """Two iterations that change no weight, with ResNet-18."""
    cfg = shrink(CONFIG, data, tmp_path / 'run', scale=(96, 64))
    cfg.model.train_cfg.rcnn.sampler.num = 8
    cfg.train_cfg.update(max_iters=2, val_interval=2)
    cfg.optim_wrapper.optimizer.lr = 0.0
    cfg.default_hooks.checkpoint.interval = 1
    next(h for h in cfg.custom_hooks if 'Precise' in h.type).iterations = 1
    cfg.dump(tmp_path / 'small.py')
    return tmp_path / 'small.py'


@pytest.fixture(scope='module')
def state() -> dict[str, Tensor]:
    """The tensors of a ResNet-18."""
    init_default_scope('mmengine')
    model = MODELS.build(dict(type='mmpretrain.ResNet', depth=18))
    model.init_weights()
    return model.state_dict()


def weights_of(path: Path) -> dict[str, Tensor]:
    """Convolutions of the ResNet in a detector's checkpoint, by their names in the ResNet."""
    found = read_checkpoint(path)['state_dict']
    places = 'backbone.', 'roi_head.shared_head.'
    inner = {k.removeprefix(p): v for p in places for k, v in found.items() if k.startswith(p)}
    return {k: v for k, v in inner.items() if v.ndim == 4}


def test_one_key_fills_backbone_and_res5_and_a_resumed_run_is_not_filled_again(
    run_tool, config, state, tmp_path
):
    torch.save(state, tmp_path / 'resnet18.pth')
    key = f'pretrained={tmp_path}/resnet18.pth'
    status, out, err = run_tool('train.py', config, '--cfg-options', key)
    assert status == 0, err
    assert 'resnet18.pth: ResNet-18, 7x7 stem' in out
    assert 'all 120 tensors are loaded' in out
    wanted = {k: v for k, v in state.items() if v.ndim == 4}
    trained = weights_of(tmp_path / 'run' / 'iter_2.pth')
    assert set(trained) == set(wanted)
    assert all(torch.equal(trained[k], wanted[k]) for k in wanted)

    torch.save({k: v + 1 for k, v in state.items()}, tmp_path / 'resnet18.pth')
    resume = ['--resume', tmp_path / 'run' / 'iter_1.pth']
    status, out, err = run_tool('train.py', config, *resume, '--cfg-options', key)
    assert status == 0, err
    resumed = weights_of(tmp_path / 'run' / 'iter_2.pth')
    assert all(torch.equal(resumed[k], wanted[k]) for k in wanted)


def test_without_the_key_the_log_says_untrained_and_test_py_finds_the_same_metrics(
    run_tool, config, tmp_path
):
    status, out, err = run_tool('train.py', config)
    assert status == 0, err
    assert 'pretrained=None: the network is untrained' in out
    (log,) = (tmp_path / 'run').glob('*/vis_data/scalars.json')
    metrics = json.loads(log.read_text().splitlines()[-1])
    wanted = {k: v for k, v in metrics.items() if k.startswith('pascal_voc')}
    assert len(wanted) == 3

    checkpoint = tmp_path / 'run' / 'iter_2.pth'
    status, out, err = run_tool('test.py', config, checkpoint, '--work-dir', tmp_path / 'test')
    assert status == 0, err
    (log,) = (tmp_path / 'test').glob('*/*.json')
    found = json.loads(log.read_text())
    assert {k: found[k] for k in wanted} == wanted


@pytest.mark.slow
def test_two_processes_share_the_batch_out_and_agree_on_the_statistics(
    run_processes, config, tmp_path
):
    run_processes(2, 'tools/train.py', config, '--launcher', 'pytorch')
    resolved = Config.fromfile(tmp_path / 'run' / 'small.py')
    assert resolved.train_dataloader.batch_size == 1
    state = read_checkpoint(tmp_path / 'run' / 'iter_2.pth')['state_dict']
    assert torch.isfinite(state['roi_head.shared_head.norm.running_var']).all()


def test_test_py_does_not_take_a_backbone_for_a_detector(run_tool, config, state, tmp_path):
    torch.save(dict(state_dict=state), tmp_path / 'backbone.pth')
    status, _, err = run_tool('test.py', config, tmp_path / 'backbone.pth')
    assert status == 2
    assert 'does not fit the model' in err


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        (lambda s: {k: v for k, v in s.items() if 'layer4' not in k}, 'has 2-2-2-0 basic blocks'),
        (lambda s: {f'student.{k}': v for k, v in s.items()}, 'begins with student.conv1.weight'),
        (
            lambda s: dict(state_dict=s, meta=dict(encoder=json.dumps(ENCODER))),
            'normalized images with mean [127.5, 127.5, 127.5], but the detector uses [123.6',
        ),
    ],
    ids=['no res5', 'prefix', 'mean'],
)
def test_a_checkpoint_that_does_not_fit_ends_before_the_first_step(
    run_tool, config, state, tmp_path, change, says
):
    torch.save(change(state), tmp_path / 'odd.pth')
    key = f'pretrained={tmp_path}/odd.pth'
    status, out, err = run_tool('train.py', config, '--cfg-options', key)
    assert status == 2
    assert says in err
    assert f'{tmp_path}/odd.pth' in err
    assert not list((tmp_path / 'run').glob('*.pth'))


ENCODER = dict(
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3
    ),
)


def test_another_depth_is_named_and_a_missing_file_too(run_tool, config, tmp_path):
    init_default_scope('mmengine')
    deeper = MODELS.build(dict(type='mmpretrain.ResNet', depth=34))
    torch.save(deeper.state_dict(), tmp_path / 'deeper.pth')
    for name, says in (
        ('deeper.pth', 'deeper.pth (ResNet-34, 7x7 stem'),
        ('nowhere.pth', 'there is no checkpoint'),
    ):
        key = f'pretrained={tmp_path}/{name}'
        status, _, err = run_tool('train.py', config, '--cfg-options', key)
        assert status == 2
        assert says in err
