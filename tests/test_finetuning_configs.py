"""What the semi-supervised and the transfer benchmarks train, and at which rates."""

import math
from pathlib import Path

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.config import load_config
from mmbarlow.registry import MODELS

BENCHMARKS = Path(__file__).parents[1] / 'configs' / 'benchmarks'
SEMI = sorted((BENCHMARKS / 'semi').glob('*.py'), key=lambda p: p.stem)
TRANSFER = [BENCHMARKS / 'linear' / f'linear_{name}.py' for name in ('places205', 'inat18')]


def load(path: Path):
    cfg = load_config(path)
    cfg.model.backbone.depth = 18  # half a second in place of two
    cfg.model.head.in_channels = 512
    return cfg


def rates(cfg) -> list[dict[str, float]]:
    """The learning rates of what is trained of `backbone` and `head`, in each epoch."""
    model = MODELS.build(cfg.model)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    scheduler = PARAM_SCHEDULERS.build(cfg.param_scheduler, default_args=dict(optimizer=optimizer))
    decay = cfg.optim_wrapper.optimizer.weight_decay
    norm_decay = cfg.optim_wrapper.get('paramwise_cfg', {}).get('norm_decay_mult', 1)
    norms = {id(p) for m in model.modules() if isinstance(m, _BatchNorm) for p in m.parameters()}
    part = {id(p): name.split('.')[0] for name, p in model.named_parameters()}
    epochs = []
    for _ in range(cfg.train_cfg.max_epochs):
        found: dict[str, set[float]] = {}
        for group in optimizer.param_groups:
            for p in filter(lambda p: p.requires_grad, group['params']):
                assert group['weight_decay'] == decay * (norm_decay if id(p) in norms else 1)
                found.setdefault(part[id(p)], set()).add(group['lr'])
        assert all(len(values) == 1 for values in found.values())
        epochs.append({name: values.pop() for name, values in found.items()})
        optimizer.step()
        scheduler.step()
    return epochs


def published(stem: str, epoch: int) -> tuple[float, float]:
    """Rates of backbone and classifier: the paper's B.2, or the command in the official README."""
    if stem.startswith('semi-official'):
        cosine = (1 + math.cos(math.pi * epoch / 20)) / 2
        return 0.005 * cosine, 0.5 * cosine
    drops = (epoch >= 12) + (epoch >= 16)
    return 0.002 * 0.2**drops, 0.5 * 0.2**drops


@pytest.mark.parametrize('path', SEMI, ids=lambda p: p.stem)
def test_the_rates_of_both_groups_are_the_published_ones(path):
    cfg = load(path)
    found = [(epoch['backbone'], epoch['head']) for epoch in rates(cfg)]
    if 'imagenet' in path.stem:
        assert cfg.train_dataloader.batch_size == 256
        assert found == [pytest.approx(published(path.stem, epoch)) for epoch in range(20)]
    else:  # the paper's in 125 epochs, for a batch of 64, the classifier at 0.1 in place of 0.5
        assert cfg.train_dataloader.batch_size == 64
        expected = [published(path.stem, epoch * 20 // 125) for epoch in range(125)]
        assert [(4 * b, 4 * 5 * h) for b, h in found] == [pytest.approx(e) for e in expected]


@pytest.mark.parametrize('path', SEMI, ids=lambda p: p.stem)
def test_fine_tuning_trains_every_tensor_and_its_bn_is_that_of_each_process(path):
    cfg = load(path)
    assert cfg.sync_bn is None
    assert cfg.optim_wrapper.optimizer.weight_decay == 0
    model = MODELS.build(cfg.model).train()
    assert all(p.requires_grad for p in model.parameters())
    layers = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    assert len(layers) == 20
    assert {type(layer) for layer in layers} == {torch.nn.BatchNorm2d}
    model(torch.randn(2, 3, 32, 32))
    assert all(layer.num_batches_tracked == 1 for layer in layers)
    assert not any((layer.running_mean == 0).all() for layer in layers)


@pytest.mark.parametrize('path', SEMI, ids=lambda p: p.stem)
def test_the_labels_are_the_share_that_the_name_says(path):
    cfg = load_config(path)
    share = path.stem.rsplit('-', 1)[1]
    data = cfg.train_dataloader.dataset
    if 'imagenet' in path.stem:
        assert (data.type, data.subset) == ('mmbarlow.ImageNetSubset', share)
    else:
        assert (data.type, f'{data.percent}percent') == ('mmbarlow.LabelSubset', share)
        assert data.dataset.data_prefix == 'train'
    assert cfg.model.head.num_classes == (1000 if 'imagenet' in path.stem else 10)


@pytest.mark.parametrize(
    ('path', 'classes', 'drops', 'epochs'),
    [(TRANSFER[0], 205, (4, 8, 12), 14), (TRANSFER[1], 8142, (24, 48, 72), 84)],
)
def test_a_transfer_trains_the_head_alone_at_vissls_rates(path, classes, drops, epochs):
    cfg = load_config(path)
    found = rates(cfg)
    assert len(found) == epochs
    for epoch, of_part in enumerate(found):
        lr = 0.01 * 0.1 ** sum(epoch >= drop for drop in drops)
        assert of_part == pytest.approx(dict(head=lr))
    sgd = cfg.optim_wrapper.optimizer
    assert (sgd.weight_decay, sgd.momentum, sgd.nesterov) == (5e-4, 0.9, True)
    assert cfg.train_dataloader.batch_size == 256
    assert cfg.model.head.num_classes == classes  # of each of its classifiers
    assert dict(type='mmbarlow.FrozenHook') in cfg.custom_hooks
