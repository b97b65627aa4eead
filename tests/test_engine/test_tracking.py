"""Trackers: what a run writes for TensorBoard is read back, and what cannot be tracked is said."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import VISBACKENDS
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain
from mmbarlow.engine.tracking import backend_for, use_trackers
from mmbarlow.errors import InputError
from mmbarlow.zoo.curve import read_curve

(CONFIG,) = (Path(__file__).parents[2] / 'configs' / 'barlowtwins').glob(
    '*_resnet18_1xb128-coslr-70e_digits.py'
)
TINY = {
    'train_cfg.max_epochs': 2,
    'train_cfg.val_interval': 1,
    'param_scheduler.warmup': 0,
    'train_dataloader.batch_size': 16,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 48,
    'val_dataloader.dataset.indices': 40,
    'val_cfg.bank_dataloader.dataset.indices': 60,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.hid_channels': 16,
    'model.neck.out_channels': 16,
    'model.head.in_channels': 16,
    'default_hooks.logger.interval': 3,
}
STEPS = {'views': [3, 6], 'correlation': [3, 6], 'spectrum': [3, 6], 'map': [3, 6]}


def train(folder: Path, **options) -> dict:
    pretrain(load_config(CONFIG, TINY | options, str(folder)), quiet=True)
    return torch.load(folder / 'epoch_2.pth')


@pytest.fixture(scope='module')
def tracked(tmp_path_factory):
    """The folder of a run for TensorBoard and its last checkpoint."""
    folder = tmp_path_factory.mktemp('tracked')
    return folder, train(folder, track='tensorboard', online='linear')


def test_tensorboard_has_all_numbers_and_pictures_at_their_steps(tracked):
    events = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    (file,) = tracked[0].glob('*/vis_data/events.out.tfevents.*')
    found = events.EventAccumulator(str(file), size_guidance=dict(images=0)).Reload()
    for name in ('loss', 'lr', 'online_linear/accuracy', 'KNN/top1_k10', 'OnlineLinear/top1'):
        assert [e.step for e in found.Scalars(name)] == [3, 6], name
    curve = read_curve(tracked[0])  # which the record has
    assert [e.value for e in found.Scalars('loss')] == pytest.approx([p['loss'] for p in curve])
    knn = [e.value for e in found.Scalars('KNN/top1_k10')]
    assert knn == pytest.approx([p['KNN/top1_k10'] for p in curve])
    assert {tag: [e.step for e in found.Images(tag)] for tag in found.Tags()['images']} == STEPS
    assert all(e.width > 300 and e.height > 200 for e in found.Images('map'))


def test_the_pictures_lie_in_the_work_dir_too_and_show_something(tracked):
    (folder,) = tracked[0].glob('*/vis_data/vis_image')
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(f'{name}_{step}.png' for name, steps in STEPS.items() for step in steps)
    for name in names:
        assert len(np.unique(np.asarray(Image.open(folder / name)))) > 20, name


def test_what_is_trained_is_the_same_without_tracker_and_pictures(tracked, tmp_path):
    alone = train(tmp_path)['state_dict']
    assert all(torch.equal(alone[name], value) for name, value in tracked[1]['state_dict'].items())


def test_a_missing_package_and_an_unknown_name_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    monkeypatch.setitem(__import__('sys').modules, 'wandb', None)
    with pytest.raises(InputError, match=r"track wandb needs the package wandb: pip install 'mmb"):
        use_trackers(load_config(CONFIG, dict(track='wandb'), str(tmp_path)))
    with pytest.raises(InputError, match='track=tensorbord is none of tensorboard, wandb, mlflow'):
        use_trackers(load_config(CONFIG, dict(track=['tensorbord']), str(tmp_path)))


def test_own_backends_of_a_config_stay_beside_those_that_track_names(tmp_path):
    cfg = load_config(CONFIG, dict(track=['tensorboard', 'local']), str(tmp_path))
    cfg.visualizer = dict(type='Visualizer', vis_backends=[dict(type='TensorboardVisBackend')])
    use_trackers(cfg)
    kinds = [backend['type'] for backend in cfg.visualizer.vis_backends]
    assert kinds == ['TensorboardVisBackend', 'LocalVisBackend']


def test_clearml_leaves_the_random_numbers_alone(tmp_path, monkeypatch):
    """By itself it seeds all of them, and every weight would be another one."""
    pytest.importorskip('clearml')
    monkeypatch.setenv('CLEARML_OFFLINE_MODE', '1')
    torch.manual_seed(3)
    before = torch.get_rng_state()
    backend = VISBACKENDS.build(backend_for('clearml', tmp_path) | dict(save_dir=str(tmp_path)))
    assert backend.experiment
    assert torch.equal(torch.get_rng_state(), before)
    backend._task.close()
