"""The checkpoint that is kept is the best by its criterion, and the training is not moved."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, MODELS
from mmengine.runner import Runner

from mmbarlow.apis import get_model
from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.evaluation import best_checkpoint_hook
from mmbarlow.evaluation.bank_values import excess_loss
from mmbarlow.evaluation.best_checkpoint_hook import BestCheckpointHook
from mmbarlow.evaluation.checkpoint_criteria import CRITERIA
from mmbarlow.evaluation.image_bank import ImageBank
from mmbarlow.loss import BarlowTwinsLoss, loss_floor
from mmbarlow.paths import CLONE

NARROW = (
    'model.backbone.stem_channels=8',
    'model.backbone.base_channels=8',
    'model.neck.in_channels=64',
)
EPOCHS = 4


@HOOKS.register_module()
class BreaksOff(Hook):
    """Ends the run before its third epoch, as an interruption does."""

    def before_train_epoch(self, runner) -> None:
        if runner.epoch == 2:
            raise InputError('interrupted')


@pytest.fixture
def config(digits_config, small, tmp_path):
    """Of a few steps of digits, with this BestCheckpointHook or none, in a folder of tmp_path."""

    def build(name: str, best: dict | None, labels: bool = False):
        pairs = [*small, *NARROW, f'train_cfg.max_epochs={EPOCHS}']
        cfg = load_config(digits_config, {}, str(tmp_path / name))
        if not labels:
            cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.merge_from_dict(
            {k: DictAction._parse_iterable(v) for k, v in (p.split('=', 1) for p in pairs)}
        )
        checkpoint = dict(type='mmbarlow.CheckpointHook', interval=1, max_keep_ckpts=-1)
        cfg.default_hooks.checkpoint = checkpoint
        if best is not None:
            cfg.default_hooks.best = dict(type='mmbarlow.BestCheckpointHook', **best)
        return cfg

    return build


def state(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path)['state_dict']


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def numpy_rankme(cfg, path: Path) -> float:
    """RankMe of the projector's outputs for the bank, from the weights in a file."""
    model = MODELS.build(cfg.model)
    model.load_state_dict(state(path))
    loader = Runner.build_dataloader(dict(cfg.train_dataloader), seed=0)
    x = ImageBank(loader, 0, 32, 2).embed(model.train()).embeddings[:, 0].double().numpy()
    assert model.training
    s = np.linalg.svd(x, compute_uv=False)
    p = s / s.sum() + 1e-7
    return float(np.exp(-(p * np.log(p)).sum()))


def test_the_kept_checkpoint_is_the_best_and_the_training_is_the_same_bit_for_bit(config, tmp_path):
    pretrain(config('plain', None), quiet=True)
    cfg = config('best', dict(by='rankme', images=32))
    pretrain(cfg, quiet=True)
    folder = tmp_path / 'best'
    for epoch in range(1, EPOCHS + 1):
        name = f'epoch_{epoch}.pth'
        assert equal(state(tmp_path / 'plain' / name), state(folder / name))
    found = {e: numpy_rankme(cfg, folder / f'epoch_{e}.pth') for e in range(1, EPOCHS + 1)}
    best = max(found, key=lambda epoch: found[epoch])
    (kept,) = folder.glob('best_rankme_*_*.pth')
    assert kept.name == f'best_rankme_epoch_{best}.pth'
    assert equal(state(kept), state(folder / f'epoch_{best}.pth'))
    exported = torch.load(folder / 'best_rankme_encoder.pth')
    assert exported['meta']['chosen']['value'] == pytest.approx(found[best], rel=1e-5)
    backbone = {k[9:]: v for k, v in state(kept).items() if k.startswith('backbone.')}
    assert equal(exported['state_dict'], backbone)
    assert get_model(folder / 'best_rankme_encoder.pth').backbone.base_channels == 8


def test_several_processes_choose_one_checkpoint_by_the_moving_average(
    config, tmp_path, run_processes
):
    cfg = config('two', dict(by='rankme', images=32))
    cfg.custom_hooks = [dict(type='EMAHook', momentum=0.5)]
    cfg.dump(tmp_path / 'two.py')
    run_processes(2, CLONE / 'tools' / 'train.py', tmp_path / 'two.py', '--launcher', 'pytorch')
    folder = tmp_path / 'two'
    # The state_dict of a checkpoint with EMAHook is the moving average.
    found = {e: numpy_rankme(cfg, folder / f'epoch_{e}.pth') for e in range(1, EPOCHS + 1)}
    best = max(found, key=lambda epoch: found[epoch])
    (kept,) = folder.glob('best_rankme_*_*.pth')
    assert kept.name == f'best_rankme_epoch_{best}.pth'
    assert equal(state(kept), state(folder / f'epoch_{best}.pth'))
    exported = torch.load(folder / 'best_rankme_encoder.pth')
    assert exported['meta']['chosen']['value'] == pytest.approx(found[best], rel=1e-5)


def scripted(values: dict[int, float]):
    """In the place of the criterion: its value after so many epochs."""
    return lambda runner, *_: values[runner.epoch + 1] if runner.iter else 0.0


def test_an_early_best_is_remembered_by_a_resumed_run(config, tmp_path, monkeypatch):
    values = scripted({1: 3.0, 2: 5.0, 3: 4.0, 4: 1.0})
    monkeypatch.setattr(best_checkpoint_hook, 'measure_criterion', values)
    cfg = config('run', dict(by='lidar'))
    cfg.custom_hooks = [dict(type='BreaksOff')]
    with pytest.raises(InputError, match='interrupted'):
        pretrain(cfg, quiet=True)
    folder = tmp_path / 'run'
    assert {p.name for p in folder.glob('best_*')} >= {'best_lidar_epoch_2.pth'}
    resumed = config('run', dict(by='lidar'))
    resume_from(resumed)
    pretrain(resumed, quiet=True)
    names = {path.name for path in folder.glob('best_*')}
    assert names == {'best_lidar_epoch_2.pth', 'best_lidar_encoder.pth'}
    chosen = torch.load(folder / 'best_lidar_encoder.pth')['meta']['chosen']
    assert (chosen['value'], chosen['at']) == (5.0, 'epoch 2')


def test_alpha_is_best_nearest_to_1(config, tmp_path, monkeypatch):
    values = scripted({1: 2.0, 2: 0.7, 3: 1.2, 4: math.nan})
    monkeypatch.setattr(best_checkpoint_hook, 'measure_criterion', values)
    pretrain(config('alpha', dict(by='alpha')), quiet=True)
    (kept,) = (tmp_path / 'alpha').glob('best_alpha_epoch_*.pth')
    assert kept.name == 'best_alpha_epoch_3.pth'


def test_the_loss_is_best_where_it_is_lowest_and_the_others_where_they_are_highest():
    assert CRITERIA['loss_over_floor'].score(0.2) > CRITERIA['loss_over_floor'].score(0.3)
    for by in ('rankme', 'lidar', 'knn'):
        assert CRITERIA[by].score(0.3) > CRITERIA[by].score(0.2)


def test_the_loss_of_a_bank_is_that_of_the_loss_module_over_its_floor():
    x_NVD = torch.randn(24, 2, 40, generator=torch.Generator().manual_seed(0)).double()
    x_NVD[:, 1] += 2 * x_NVD[:, 0]
    for D in (8, 40):  # C is built, and the products of the images
        part = x_NVD[..., :D]
        loss = BarlowTwinsLoss(lambd=0.02)(part[:, 0], part[:, 1])
        expected = (float(loss) - loss_floor(24, D, 0.02)) / D
        assert excess_loss(part, 0.02) == pytest.approx(expected, rel=1e-9)


def test_knn_takes_the_labels_of_the_recipe_and_needs_them(config, tmp_path):
    with pytest.raises(InputError, match="by='knn' needs labeled images"):
        pretrain(config('none', dict(by='knn')), quiet=True)
    assert not list((tmp_path / 'none').glob('*.pth'))
    cfg = config('labels', dict(by='knn', interval=4), labels=True)
    cfg.train_cfg.val_interval = 4
    pretrain(cfg, quiet=True)
    assert (tmp_path / 'labels' / 'best_knn_epoch_4.pth').is_file()


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(by='rank'), "by='rank': take one of .*'rankme', 'lidar', 'alpha', 'loss_over_floor'"),
        (dict(of='pixels'), "of='pixels'"),
        (dict(interval=0), 'interval=0'),
        (dict(views=1), 'views=1'),
        (dict(of='representations'), 'the loss is of embeddings'),
    ],
)
def test_options_that_make_no_sense_are_told_in_a_sentence(options, words):
    with pytest.raises(InputError, match=words):
        BestCheckpointHook(**options)
