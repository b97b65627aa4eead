"""A resumed run has the learning rates of its own config at every step, or does not start."""

import math
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.engine.starting import StartingRunner
from mmbarlow.errors import InputError

STEPS = 2  # an epoch: 32 images, batches of 16
LR, BIAS_LR = 0.4, 0.0048
EVERY = [
    *('default_hooks.checkpoint.interval=1', 'default_hooks.checkpoint.max_keep_ckpts=9'),
    *('model.backbone.stem_channels=8', 'model.backbone.base_channels=8'),
    'model.neck.in_channels=64',
]
LARS = dict(
    type='OptimWrapper',
    optimizer=dict(type='mmbarlow.LARS', lr=LR, momentum=0.9, weight_decay=1e-6),
    constructor='mmbarlow.NdimParamGroups',
    paramwise_cfg=dict(bias_lr=BIAS_LR),
)
WARM = 'param_scheduler.warmup=1'
LIST = [
    dict(type='LinearLR', start_factor=0.25, by_epoch=False, end=4),
    dict(type='MultiStepLR', by_epoch=True, milestones=[2, 4], gamma=0.1),
]


@HOOKS.register_module()
class SeenRates(Hook):
    """The learning rates of each step of the last run."""

    seen: dict[int, list[float]] = {}  # noqa: RUF012

    def before_train(self, runner) -> None:
        self.seen.clear()

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        groups = runner.optim_wrapper.optimizer.param_groups
        self.seen[runner.iter] = [group['lr'] for group in groups]


@pytest.fixture
def train(digits_config, small, tmp_path):
    """Train with the options; returns the rates of each step."""

    def run(*options: str, resume: str | Path | None = None, **entries) -> dict:
        pairs = dict(option.split('=', 1) for option in [*small, *EVERY, *options])
        values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}
        cfg = load_config(digits_config, {}, str(tmp_path / 'run'))
        cfg.optim_wrapper = LARS
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.merge_from_dict(values)
        for key, value in entries.items():
            cfg[key] = value
        cfg.custom_hooks = [dict(type='SeenRates')]
        if resume:
            resume_from(cfg, str(resume))
        pretrain(cfg, quiet=True)
        return dict(SeenRates.seen)

    return run


def closed_form(step: int, epochs: int, warmup: int = 1, base: float = LR) -> float:
    """Linear from 0, then cosine to 0.001 of the rate (design of the official code)."""
    step, warmup, total = step, warmup * STEPS, epochs * STEPS
    if step < warmup:
        return base * step / warmup
    q = 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
    return base * (q + 0.001 * (1 - q))


def log_of(folder: Path) -> str:
    return sorted(folder.glob('*/*.log'))[-1].read_text()


@pytest.mark.parametrize('strip', [False, True], ids=['own', 'of an older version'])
def test_more_epochs_follow_the_schedule_of_the_longer_run(strip, train, tmp_path):
    train('train_cfg.max_epochs=3', WARM)
    last = tmp_path / 'run' / 'epoch_3.pth'
    if strip:
        without_facts(last)
    rates = train('train_cfg.max_epochs=6', WARM, resume='auto')
    assert list(rates) == list(range(6, 12))
    for step, found in rates.items():
        wanted = [closed_form(step, 6), closed_form(step, 6, base=BIAS_LR)]
        assert found == pytest.approx(wanted, rel=1e-12)
    said = log_of(tmp_path / 'run')
    assert ('schedule 0 end 6, now 12' if strip else 'train_cfg.max_epochs 3, now 6') in said
    assert f'at step 6 the learning rates are {closed_form(6, 6):.6g}, ' in said


def test_other_rates_and_warm_up_are_those_of_the_new_config_at_the_resumed_step(train, tmp_path):
    train('train_cfg.max_epochs=5', WARM)
    new = ('train_cfg.max_epochs=5', 'optim_wrapper.optimizer.lr=0.1', 'param_scheduler.warmup=3')
    rates = train(*new, resume=tmp_path / 'run' / 'epoch_2.pth')
    assert list(rates) == list(range(4, 10))  # from within the new warm-up
    for step, found in rates.items():
        wanted = [closed_form(step, 5, 3, 0.1), closed_form(step, 5, 3, BIAS_LR)]
        assert found == pytest.approx(wanted, rel=1e-12)
    assert 'optim_wrapper.optimizer.lr 0.4, now 0.1' in log_of(tmp_path / 'run')


def test_an_unchanged_config_resumes_within_its_warm_up_bit_for_bit(train, tmp_path):
    options = ('train_cfg.max_epochs=4', 'param_scheduler.warmup=2')
    whole = train(*options)
    weights = torch.load(tmp_path / 'run' / 'epoch_4.pth')['state_dict']
    assert train(*options, resume=tmp_path / 'run' / 'epoch_1.pth') == {
        step: rates for step, rates in whole.items() if step >= STEPS
    }
    resumed = torch.load(tmp_path / 'run' / 'epoch_4.pth')['state_dict']
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in weights.items())
    assert 'other settings' not in log_of(tmp_path / 'run')


def test_mmengines_chained_schedules_are_those_of_a_run_with_the_new_settings(train, tmp_path):
    old = [LIST[0], dict(LIST[1], milestones=[1, 3])]
    new = train('train_cfg.max_epochs=5', param_scheduler=LIST)
    (tmp_path / 'run').rename(tmp_path / 'new')
    train('train_cfg.max_epochs=3', param_scheduler=old)
    resumed = train('train_cfg.max_epochs=5', param_scheduler=LIST, resume='auto')
    assert resumed == {step: new[step] for step in range(6, 10)}
    assert 'milestones.0 1, now 2' in log_of(tmp_path / 'run')


def test_a_run_of_iterations_resumes_and_gets_longer(train, tmp_path):
    linear = dict(type='LinearLR', start_factor=1.0, end_factor=0.5, by_epoch=False, begin=0)
    loop = dict(type='IterBasedTrainLoop', max_iters=4)
    iters = ['train_dataloader.sampler.type=InfiniteSampler', 'log_processor.by_epoch=False']
    iters += ['default_hooks.checkpoint.by_epoch=False']
    train(*iters, train_cfg=loop, param_scheduler=[dict(linear, end=3)])
    longer = dict(train_cfg=dict(loop, max_iters=8), param_scheduler=[dict(linear, end=7)])
    rates = train(*iters, resume='auto', **longer)
    assert list(rates) == [4, 5, 6, 7]
    for step, (weights, _) in rates.items():
        assert weights == pytest.approx(LR * (1 - 0.5 * min(step, 6) / 6), rel=1e-12)


def test_what_makes_another_run_is_refused_with_old_and_new_value(train, tmp_path):
    train('train_cfg.max_epochs=1')
    folder = tmp_path / 'run'
    refused = {
        'train_dataloader.batch_size=8': '16, now 8',
        'train_dataloader.dataset.indices=48': 'number of images 32, now 48',
        'optim_wrapper.accumulative_counts=2': 'accumulative_counts 1, now 2',
        'randomness.seed=3': 'the seed 0, and this config has 3',
        'train_cfg.max_epochs=1': 'is of epoch 1, and the run ends after 1',
    }
    check_refused(train, folder, refused)
    without_facts(folder / 'epoch_1.pth')
    steps = 'it is of step 2, and its epoch 1 ends at step '
    check_refused(train, folder, {option: steps for option in list(refused)[:2]})


def check_refused(train, folder: Path, refused: dict[str, str]) -> None:
    """Every file stays as it is."""
    before = {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}
    for option, says in refused.items():
        with pytest.raises(InputError, match=says):
            train('train_cfg.max_epochs=2', option, resume='auto')
        assert before == {p: p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def without_facts(path: Path) -> None:
    """Make it a checkpoint of an older version."""
    checkpoint = torch.load(path)
    for key in ('facts', 'settings', 'versions', 'log'):
        del checkpoint['meta'][key]
    torch.save(checkpoint, path)


def test_images_may_move_and_may_not_become_others(train, photographs, tmp_path):
    image = Image.open(photographs[0]).resize((40, 30))
    for folder, quality in (('here', 90), ('moved', 90), ('others', 60)):
        for number in range(20):
            (tmp_path / folder).mkdir(exist_ok=True)
            image.save(tmp_path / folder / f'{number}.jpg', quality=quality)
    views = dict(type='mmbarlow.TwinViews', size=32, view_a=dict(), view_b=dict())
    pipeline = [views, dict(type='mmpretrain.PackInputs', meta_keys=('skipped',))]

    def images(folder: str) -> dict:
        data = dict(type='mmbarlow.ImageFolder', data_root=str(tmp_path / folder))
        loader = dict(batch_size=10, num_workers=0, sampler=dict(type='DefaultSampler'))
        loader['collate_fn'] = dict(type='default_collate')
        return dict(loader, drop_last=True, dataset=dict(data, pipeline=pipeline))

    train('train_cfg.max_epochs=1', train_dataloader=images('here'))
    (tmp_path / 'here' / '4.jpg').rename(tmp_path / 'here' / '40.jpg')  # none of the 16
    with pytest.raises(InputError, match='names and labels of all images'):
        train('train_cfg.max_epochs=2', resume='auto', train_dataloader=images('here'))
    longer = ('train_cfg.max_epochs=2',)
    with pytest.raises(InputError, match=r'names and sizes .*/here\', now .*/others\''):
        train(*longer, resume='auto', train_dataloader=images('others'))
    assert list(train(*longer, resume='auto', train_dataloader=images('moved'))) == [2, 3]
    assert re.search(r'data_root \S+, now \S+moved', log_of(tmp_path / 'run'))


def test_other_versions_and_settings_of_any_part_are_told_and_the_run_goes_on(train, tmp_path):
    train('train_cfg.max_epochs=1')
    checkpoint = torch.load(last := tmp_path / 'run' / 'epoch_1.pth')
    assert checkpoint['meta']['versions']['number of processes'] == 1
    checkpoint['meta']['versions'] |= dict(torch='1.0', device='some GPU')
    torch.save(checkpoint, last)
    new = ('train_cfg.max_epochs=2', 'env_cfg.cudnn_benchmark=False', 'sync_bn=None')
    assert list(train(*new, resume='auto')) == [2, 3]
    log = log_of(tmp_path / 'run')
    assert f"device 'some GPU', now 'cpu'; torch '1.0', now {version('torch')!r}" in log
    assert 'numbers are not promised to be equal bit for bit' in log
    assert "sync_bn 'torch', now None" in log
    assert 'env_cfg.cudnn_benchmark True, now False' in log


def test_the_runner_itself_refuses_another_seed(train, digits_config, small, tmp_path):
    """MMEngine's goes on with a warning, and with images in an order of neither seed."""
    train('train_cfg.max_epochs=1')
    pairs = dict(option.split('=', 1) for option in [*small, *EVERY])
    values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}
    cfg = load_config(digits_config, values | {'randomness.seed': 3}, str(tmp_path / 'other'))
    cfg.train_cfg.max_epochs, cfg.experiment_name = 2, 'seed'
    cfg.resume, cfg.load_from = True, str(tmp_path / 'run' / 'epoch_1.pth')
    with pytest.raises(InputError, match='seed 0, now 3'):
        StartingRunner.from_cfg(cfg).train()


def test_a_seed_that_no_config_has_is_that_of_the_resumed_run(train, tmp_path):
    options = ('randomness.seed=None', 'train_cfg.max_epochs=2')
    train(*options)
    folder = tmp_path / 'run'
    whole = torch.load(folder / 'epoch_2.pth')
    train(*options, resume=folder / 'epoch_1.pth')
    resumed = torch.load(folder / 'epoch_2.pth')
    assert whole['meta']['seed'] == resumed['meta']['seed']
    name = 'backbone.conv1.weight'
    assert torch.equal(whole['state_dict'][name], resumed['state_dict'][name])


def test_the_key_resume_goes_on_where_there_is_something_and_starts_where_not(train):
    options = ('resume=True', 'train_cfg.max_epochs=1')
    assert list(train(*options)) == [0, 1]
    assert list(train(*options, 'train_cfg.max_epochs=2')) == [2, 3]


def test_a_config_without_our_hooks_resumes(train, tmp_path):
    """MMEngine's own checkpoints hold objects, which are not read."""
    bare = dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)))
    train('train_cfg.max_epochs=1', **bare)
    assert list(train('train_cfg.max_epochs=2', resume='auto', **bare)) == [2, 3]


def test_the_moving_average_is_exported_evaluated_and_resumed(digits_config, small, tmp_path):
    pairs = dict(option.split('=', 1) for option in [*small, *EVERY, 'train_cfg.max_epochs=2'])
    values = {key: DictAction._parse_iterable(value) for key, value in pairs.items()}

    def run(folder: str, resume: bool = False) -> Path:
        cfg = load_config(digits_config, values, str(tmp_path / folder))
        cfg.custom_hooks = [dict(type='EMAHook', momentum=0.1)]
        if resume:
            resume_from(cfg, str(tmp_path / 'epoch_1.pth'))
        return pretrain(cfg, quiet=True)

    backbone = torch.load(run('whole'))['state_dict']
    whole = torch.load(tmp_path / 'whole' / 'epoch_2.pth')
    raw = whole['ema_state_dict']  # MMEngine swaps the two: here are the weights that are trained
    assert whole['ema_state_dict']['steps'] == 4
    name = 'conv1.weight'
    assert torch.equal(backbone[name], whole['state_dict'][f'backbone.{name}'])
    assert not torch.equal(backbone[name], raw[f'module.backbone.{name}'])
    assert 'Backbone (moving average): ' in log_of(tmp_path / 'whole')

    (tmp_path / 'whole' / 'epoch_1.pth').rename(tmp_path / 'epoch_1.pth')
    resumed = torch.load(run('resumed', resume=True))['state_dict']
    assert all(torch.equal(tensor, resumed[key]) for key, tensor in backbone.items())


def test_accumulated_gradients_are_said_once_to_be_no_larger_batch(train, tmp_path):
    train('optim_wrapper.accumulative_counts=2', 'train_cfg.max_epochs=1')
    assert log_of(tmp_path / 'run').count('accumulative_counts=2 is not a larger batch') == 1
