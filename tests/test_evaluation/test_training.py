"""Benchmarks that train, on real digits: numbers, interruptions, processes, bad input."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.classifiers import replace_backbone, train_classifier
from mmbarlow.launch import leave_together, prepare_processes
from mmbarlow.models.encoder import Encoder

ROOT = Path(__file__).parents[2]
NETWORK = dict(
    backbone=dict(
        type='mmpretrain.ResNet',
        depth=18,
        stem_channels=16,
        base_channels=16,
        # Otherwise every block of the untrained network is the identity, and a linear layer with
        # the published learning rate stays at chance.
        zero_init_residual=False,
    ),
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5] * 3, std=[64] * 3, bgr_to_rgb=True
    ),
)


def untrained() -> Encoder:
    torch.manual_seed(0)
    model = Encoder(**NETWORK)
    model.init_weights()
    return model


def config(work_dir: Path) -> Config:
    """The probe of digits in twelve epochs, without random views: the same numbers every time."""
    path = ROOT / 'configs' / 'benchmarks' / 'linear' / 'linear-sgd_digits.py'
    cfg = load_config(path, work_dir=str(work_dir))
    cfg.train_cfg.max_epochs = 12
    cfg.train_dataloader.update(batch_size=60)
    cfg.train_dataloader.dataset.indices = 600
    cfg.train_dataloader.dataset.pipeline = cfg.val_dataloader.dataset.pipeline
    cfg.default_hooks.checkpoint.interval = 1
    return cfg


def curve(work_dir: Path) -> list[float]:
    lines = [p.read_text().splitlines() for p in sorted(work_dir.glob('*/vis_data/scalars.json'))]
    entries = [json.loads(line) for line in sum(lines, [])]
    return [entry['accuracy/top1'] for entry in entries if 'accuracy/top1' in entry]


@HOOKS.register_module()
class Interrupted(Hook):
    def before_train_epoch(self, runner) -> None:
        if runner.epoch == 2:
            raise KeyboardInterrupt


@pytest.fixture(scope='module')
def finished(tmp_path_factory) -> tuple[Path, dict]:
    """A finished benchmark: its folder and metrics."""
    folder = tmp_path_factory.mktemp('finished')
    return folder, train_classifier(untrained(), NETWORK, config(folder))


def test_a_linear_layer_on_an_untrained_network_is_well_above_chance(finished):
    folder, metrics = finished
    assert metrics['top1'] > 40  # chance is 10
    assert metrics['top5'] > metrics['top1']
    top1 = curve(folder)
    assert len(top1) == 12
    assert metrics['top1'] == pytest.approx(top1[-1])
    assert metrics['top1_best'] == pytest.approx(max(top1))
    assert metrics['top1_best'] > metrics['top1'] + 5  # the last epoch is not the best one
    assert list(folder.glob('*.py'))  # the resolved config


def test_an_interrupted_benchmark_resumes_and_gives_the_same(finished, tmp_path):
    cfg = config(tmp_path)
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='Interrupted')]
    with pytest.raises(KeyboardInterrupt):
        train_classifier(untrained(), NETWORK, cfg)
    assert not (tmp_path / 'epoch_12.pth').exists()
    assert train_classifier(untrained(), NETWORK, config(tmp_path)) == finished[1]


def test_a_finished_benchmark_is_evaluated_but_not_trained_again(finished):
    folder, metrics = finished
    before = (folder / 'epoch_12.pth').stat().st_mtime_ns
    assert train_classifier(untrained(), NETWORK, config(folder)) == metrics
    assert (folder / 'epoch_12.pth').stat().st_mtime_ns == before


@pytest.mark.parametrize('change', ['network', 'recipe'])
def test_a_work_dir_of_another_benchmark_is_refused(finished, change):
    encoder, cfg = untrained(), config(finished[0])
    if change == 'network':
        encoder.backbone.bn1.running_mean[0] += 1
    else:
        cfg.optim_wrapper.optimizer.lr = 0.2
    with pytest.raises(InputError, match='belongs to another network, seed or recipe'):
        train_classifier(encoder, NETWORK, cfg)


def test_a_hostile_checkpoint_in_the_work_dir_runs_nothing(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / 'owned',))

    torch.save(dict(state_dict=Hostile()), tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_1.pth'))
    with pytest.raises(InputError, match='is no checkpoint of tensors'):
        train_classifier(untrained(), NETWORK, config(tmp_path))
    assert not (tmp_path / 'owned').exists()


def test_a_label_without_an_output_is_named(tmp_path):
    cfg = config(tmp_path)
    cfg.model.head.num_classes = 9
    with pytest.raises(InputError, match=r'has the label 9, and the classifier has the classes 0'):
        train_classifier(untrained(), NETWORK, cfg)


def test_the_network_replaces_the_resnet_50_and_the_benchmark_keeps_its_own_settings():
    cfg = Config.fromfile(ROOT / 'configs' / 'benchmarks' / 'linear' / 'linear_imagenet.py')
    pretrained = dict(NETWORK['backbone'], frozen_stages=-1, init_cfg=dict(type='Pretrained'))
    replace_backbone(cfg, dict(NETWORK, backbone=pretrained))
    assert dict(cfg.model.backbone) == dict(NETWORK['backbone'], frozen_stages=4)
    images = cfg.model.data_preprocessor
    assert (images.mean, images.std, images.to_rgb) == ([127.5] * 3, [64] * 3, True)
    assert images.type == 'mmpretrain.ClsDataPreprocessor'

    cfg = Config.fromfile(ROOT / 'configs' / 'benchmarks' / 'multihead' / 'multihead_cifar10.py')
    replace_backbone(cfg, NETWORK)
    assert cfg.model.backbone.type == 'mmbarlow.StemResNet'
    assert dict(cfg.model.backbone.backbone) == dict(NETWORK['backbone'], frozen_stages=4)


@pytest.mark.slow
def test_two_processes_train_what_one_does(run_processes, tmp_path):
    """The batch is split, the frozen network stays bit for bit, and the classifier is the same."""
    run_processes(2, __file__, tmp_path / 'two')

    metrics = train_classifier(untrained(), NETWORK, one_gentle_epoch(tmp_path / 'one'))
    wanted = json.loads((tmp_path / 'two' / 'metrics.json').read_text())
    assert metrics == pytest.approx(wanted, abs=0.3)  # one image of 360
    one, two = (
        read_checkpoint(tmp_path / name / 'epoch_1.pth')['state_dict'] for name in ('one', 'two')
    )
    torch.testing.assert_close(one['head.fc.weight'], two['head.fc.weight'], atol=1e-6, rtol=1e-5)
    assert all(torch.equal(one[k], two[k]) for k in one if k.startswith('backbone'))


def one_gentle_epoch(work_dir: Path) -> Config:
    """Steps so small that rounding errors stay what they are."""
    cfg = config(work_dir)
    cfg.train_cfg.max_epochs = 1
    cfg.optim_wrapper.optimizer.lr = 0.001
    return cfg


def worker(folder: str) -> None:
    cfg = one_gentle_epoch(Path(folder))
    prepare_processes(cfg, 'pytorch')
    metrics = train_classifier(untrained(), NETWORK, cfg)
    if torch.distributed.get_rank() == 0:
        Path(folder, 'metrics.json').write_text(json.dumps(metrics))
    leave_together()
    os._exit(0)  # see test_distributed.py


if __name__ == '__main__':
    worker(sys.argv[1])


@pytest.mark.parametrize(
    'backbone',
    [
        dict(
            type='mmpretrain.SwinTransformer',
            arch=dict(embed_dims=8, depths=[2, 2], num_heads=[2, 2]),
            out_indices=(1,),
            pad_small_map=True,
        ),
        dict(type='mmpretrain.TIMMBackbone', model_name='test_convnext'),
    ],
    ids=['swin', 'timm'],
)
def test_the_frozen_network_can_be_of_any_kind(backbone, tmp_path):
    torch.manual_seed(0)
    network = dict(NETWORK, backbone=backbone, pool='map')
    encoder = Encoder(**network)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    cfg = config(tmp_path)
    cfg.train_cfg.max_epochs = 1
    assert 0 <= train_classifier(encoder, network, cfg)['top1'] <= 100
    assert all(torch.equal(before[name], x) for name, x in encoder.state_dict().items())
    replace_backbone(cfg, network)
    assert 'frozen_stages' not in cfg.model.backbone
    assert cfg.model.neck.pool == 'map'
    assert cfg.find_unused_parameters
