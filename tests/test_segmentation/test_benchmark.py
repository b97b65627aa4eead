"""Segmentation benchmarks from the command line, on miniatures."""

from dataclasses import replace

import pytest
import torch

from mmbarlow.benchmarks.network import read_network
from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.paths import CONFIGS
from mmbarlow.zoo import records
from mmbarlow.zoo.pages import PAGE, write_pages

NETWORK = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'
SMALL = [
    'train_cfg.max_iters=2',
    'train_cfg.val_interval=2',
    'default_hooks.logger.interval=1',
    'model.data_preprocessor.size=(56,72)',
    'train_dataloader.batch_size=2',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'val_dataloader.dataset.indices=2',
    'train_dataloader.dataset.pipeline.2.scale=(72,56)',
    'train_dataloader.dataset.pipeline.3.crop_size=(56,72)',
    'val_dataloader.dataset.pipeline.1.scale=(72,56)',
]


@pytest.fixture
def benchmark(run_tool, shapes, tmp_path):
    def run(suite: str, *arguments: str, options: list[str]) -> tuple[int, str, str]:
        return run_tool(
            *('benchmark.py', 'untrained', '--config', NETWORK, '--work-dir', tmp_path),
            *('--suite', suite, *arguments, '--cfg-options', f'data_root={shapes}', *options),
        )

    return run


def test_a_resnet_18_needs_no_options_and_leaves_a_record(benchmark, tmp_path):
    scale = ['--scale', 'Two iterations on miniatures.']
    status, out, err = benchmark('fcn_masks', *scale, options=SMALL)
    assert status == 0, err + out
    (run,) = records.read_folder(tmp_path / 'records')
    assert (run.task, run.dataset, run.model) == ('own_segmentation', 'masks', 'untrained')
    assert set(run.metrics) == {'aAcc', 'mIoU', 'mAcc'}
    assert [point['iteration'] for point in run.curve] == [1, 2]
    assert {'loss', 'own/mIoU'} <= set(run.curve[-1])
    assert 'onedl-mmsegmentation' in run.versions
    column = dict(config='fcn_voc12aug', task='voc_segmentation', dataset='voc12aug')
    assert f'| {run.metrics["mIoU"]:.1f} |' in write_pages([replace(run, **column)])[PAGE]


def test_a_frozen_network_is_the_pretrained_one_to_the_last_bit(benchmark, tmp_path):
    status, out, err = benchmark('linear-seg_masks', options=SMALL)
    assert status == 0, err + out
    (file,) = tmp_path.rglob('iter_2.pth')
    found = read_checkpoint(file)['state_dict']
    own = {k.removeprefix('backbone.'): v for k, v in found.items() if k.startswith('backbone.')}
    wanted = read_network('untrained', str(NETWORK)).build().backbone.state_dict()
    assert set(own) == set(wanted)
    assert all(torch.equal(own[name], tensor.cpu()) for name, tensor in wanted.items())


def test_a_dry_run_says_where_the_data_is_from(benchmark):
    status, out, _ = benchmark('segmentation', '--dry-run', options=[])
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert ['fcn_voc12aug', 'to', 'run:', '20000', 'iterations'] in lines
    assert 'cityscapes: cityscapes-dataset.com' in out
    status, out, _ = benchmark('fcn_masks', '--dry-run', options=[])
    assert 'fcn_masks                        to run: iterations by the number of images' in out
