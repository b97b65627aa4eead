"""The baselines: each learns as its paper says, on the terms of Barlow Twins."""

import copy
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from mmengine.runner import Runner

from mmbarlow.apis import get_model
from mmbarlow.config import load_config
from mmbarlow.evaluation.features import dataset_features
from mmbarlow.registry import MODELS
from mmbarlow.zoo import records
from mmbarlow.zoo.runs import LABELS

CONFIGS = Path(__file__).parents[1] / 'configs'
ALGORITHMS = ('simclr', 'mocov2', 'byol', 'simsiam', 'swav', 'supervised')
RECIPES = ('1xb128-coslr-30e_digits', '1xb128-coslr-200e_cifar10')
# What a baseline changes besides its model; the files say why.
CHANGED = dict(
    mocov2={'sync_bn'},
    simsiam={'optim_wrapper', 'custom_hooks'},
    swav={'find_unused_parameters', 'custom_hooks'},
    supervised={'train_dataloader'},
)
# Those that hardly learn on digits with the optimizer of the others; the files have what was tried.
OWN_OPTIMIZER = {('byol', RECIPES[0]), ('simsiam', RECIPES[0])}
TWO_STEPS = dict(
    train_cfg=dict(max_epochs=1, val_interval=1),
    param_scheduler=dict(warmup=0),
    train_dataloader=dict(
        batch_size=16, num_workers=0, persistent_workers=False, dataset=dict(indices=32)
    ),
    val_dataloader=dict(dataset=dict(indices=20)),
    val_cfg=dict(bank_dataloader=dict(dataset=dict(indices=20))),
)


def config_of(algorithm: str, recipe: str) -> Path:
    folder = 'barlowtwins' if algorithm == 'barlowtwins' else 'baselines'
    return CONFIGS / folder / f'{algorithm}_resnet18_{recipe}.py'


@pytest.mark.parametrize('recipe', RECIPES)
@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_a_baseline_shares_all_but_its_own_part_with_barlow_twins(algorithm, recipe):
    parent = Config.fromfile(config_of('barlowtwins', recipe)).to_dict()
    own = Config.fromfile(config_of(algorithm, recipe)).to_dict()
    changed = {key for key in parent.keys() | own.keys() if parent.get(key) != own.get(key)}
    own_optimizer = {'optim_wrapper'} if (algorithm, recipe) in OWN_OPTIMIZER else set()
    assert changed == {'model'} | CHANGED.get(algorithm, set()) | own_optimizer
    assert own['model']['backbone'] == parent['model']['backbone']
    assert algorithm in LABELS
    if algorithm == 'supervised':  # one view with a label, from the same images in the same order
        for cfg in (parent, own):
            del cfg['train_dataloader']['dataset']['pipeline']
        assert own['train_dataloader'] == parent['train_dataloader']
    else:
        assert own['model']['data_preprocessor'] == parent['model']['data_preprocessor']
    if algorithm == 'simsiam':
        keys = own['optim_wrapper'].pop('paramwise_cfg')['custom_keys']
        rate = own['optim_wrapper']['optimizer']['lr'] * keys['predictor'].get('lr_mult', 1)
        assert own['custom_hooks'][0]['lr'] == rate
    assert (own['optim_wrapper'] == parent['optim_wrapper']) != bool(own_optimizer)


def test_the_supervised_row_of_the_quick_cifar10_differs_by_its_labels_and_its_one_view():
    recipe = 'resnet18-stem7_1xb256-coslr-8e_cifar10.py'
    parent = Config.fromfile(CONFIGS / 'barlowtwins' / f'barlowtwins_{recipe}').to_dict()
    own = Config.fromfile(CONFIGS / 'baselines' / f'supervised_{recipe}').to_dict()
    assert own['model']['backbone'] == parent['model']['backbone']
    assert own['model']['data_preprocessor'] == parent['model']['data_preprocessor']
    for cfg in (parent, own):
        del cfg['model'], cfg['train_dataloader']['dataset']['pipeline']
        del cfg['default_hooks']['export']['scale']
    assert own == parent


class Rates(Hook):
    """Keeps the learning rates with which each step was made."""

    def __init__(self) -> None:
        self.seen: list[dict[bool, float]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        groups = runner.optim_wrapper.optimizer.param_groups
        self.seen.append({bool(group.get('fix_lr')): group['lr'] for group in groups})


@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_a_baseline_trains_is_measured_and_exports_the_backbone_it_trained(algorithm, tmp_path):
    path = config_of(algorithm, RECIPES[0])
    cfg = load_config(path, work_dir=str(tmp_path))
    cfg.merge_from_dict(TWO_STEPS)
    runner, rates = Runner.from_cfg(cfg), Rates()
    runner.register_hook(rates)
    before = copy.deepcopy(runner.model.backbone.state_dict())
    runner.train()

    after = runner.model.backbone.state_dict()
    assert all(not torch.equal(before[name], after[name]) for name in after if 'conv' in name)
    measured = get_model(tmp_path / f'{path.stem}_backbone.pth')
    for name, tensor in measured.backbone.state_dict().items():
        assert torch.equal(tensor, after[name]), name
    loader = runner.val_loop.dataloader
    torch.testing.assert_close(*(dataset_features(m, loader) for m in (measured, runner.model)))

    (record,) = records.read_folder(tmp_path / 'records')
    assert (record.model, record.pretrain_config) == (algorithm, path.stem)
    assert 0 <= record.metrics['KNN/top1_k10'] <= 100
    first, last = rates.seen
    assert last[False] < first[False]
    assert (algorithm == 'simsiam') == (True in first)
    assert first.get(True) == last.get(True)  # the predictor's, where there is one of its own


@pytest.mark.parametrize('algorithm', ['mocov2', 'byol'])
def test_the_second_network_is_the_stated_moving_average_and_gets_no_gradient(algorithm):
    """MoCo: m = 0.99 (equation 2). BYOL: 1 - 0.1 (cos(pi k / K) + 1) / 2 (section 3.2)."""
    cfg = Config.fromfile(config_of(algorithm, RECIPES[0])).model
    steps = 4
    MessageHub.get_current_instance().update_info('max_iters', steps)
    model = MODELS.build(cfg)
    followed = [*model.backbone.parameters(), *model.neck.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    average = [p.detach().double() for p in followed]
    for step in range(steps):
        if step:
            rate = 0.01
            if algorithm == 'byol':
                rate = 0.1 * (math.cos(math.pi * step / steps) + 1) / 2
            pairs = zip(average, followed, strict=True)
            average = [(1 - rate) * mean + rate * p.detach().double() for mean, p in pairs]
        views = [torch.randn(16, 3, 32, 32) for _ in range(2)]
        optimizer.zero_grad()
        model(views, mode='loss')['loss'].backward()
        optimizer.step()

    second = model.encoder_k if algorithm == 'mocov2' else model.target_net
    for got, wanted, trained in zip(second.parameters(), average, followed, strict=True):
        assert got.grad is None
        torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-6)
        assert trained.grad is not None


def test_mocos_queue_turns_in_whole_batches_and_less_than_an_epoch():
    """Else every image would meet its own old key as a negative."""
    for recipe, images in zip(RECIPES, (1437, 50_000), strict=True):
        cfg = Config.fromfile(config_of('mocov2', recipe))
        batch = cfg.train_dataloader.batch_size
        assert cfg.model.queue_len % batch == 0
        assert cfg.model.queue_len <= (images // batch - 1) * batch
