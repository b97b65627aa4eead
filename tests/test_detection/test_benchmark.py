"""Detection benchmarks from the command line, on miniatures."""

from pathlib import Path

import pytest

from mmbarlow.zoo import records
from mmbarlow.zoo.pages import PAGE, write_pages

CONFIGS = Path(__file__).parents[2] / 'configs'
NETWORK = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'
# What docs/detection.md says to give for a ResNet-18.
RESNET18 = [
    'model.backbone.depth=18',
    'model.roi_head.shared_head.depth=18',
    'model.rpn_head.in_channels=256',
    'model.roi_head.bbox_roi_extractor.out_channels=256',
    'model.roi_head.bbox_head.in_channels=512',
]
SMALL = [
    'train_cfg.max_iters=2',
    'default_hooks.logger.interval=1',
    'custom_hooks.2.iterations=1',
    'train_dataloader.batch_size=2',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'val_dataloader.dataset.pipeline.1.scale=(128,96)',
    'train_dataloader.dataset.datasets.0.pipeline.3.scales=[(128,96)]',
    'train_dataloader.dataset.datasets.1.pipeline.3.scales=[(128,96)]',
    'model.train_cfg.rcnn.sampler.num=4',
    'model.train_cfg.rpn_proposal.max_per_img=8',
    'model.test_cfg.rpn.max_per_img=4',
]


@pytest.fixture
def benchmark(run_tool, data, tmp_path):
    def run(*arguments: str, options: list[str]) -> tuple[int, str, str]:
        return run_tool(
            *('benchmark.py', 'untrained', '--config', NETWORK, '--work-dir', tmp_path),
            *('--suite', 'faster-rcnn-c4_voc0712', *arguments),
            *('--cfg-options', f'data_root={data}', *options),
        )

    return run


def test_each_seed_is_a_training_with_a_record_a_curve_and_pictures(benchmark, tmp_path):
    reduced = ['--seeds', '2', '--scale', 'Two iterations on miniatures.']
    status, out, err = benchmark(*reduced, options=RESNET18 + SMALL)
    assert status == 0, err + out
    runs = records.read_folder(tmp_path / 'records')
    runs.sort(key=lambda r: r.benchmark_seed)
    assert [r.benchmark_seed for r in runs] == [0, 1]
    for run in runs:
        assert (run.task, run.dataset, run.model) == ('voc_detection', 'voc0712', 'untrained')
        assert list(run.metrics) == ['AP', 'AP50', 'AP75']
        assert [point['iteration'] for point in run.curve] == [1, 2]
        assert {'loss', 'loss_rpn_cls', 'loss_bbox'} <= set(run.curve[0])
        assert {'onedl-mmdetection', 'pycocotools'} <= set(run.versions)
        folder = tmp_path / 'benchmarks' / run.config / f'seed0-run{run.benchmark_seed}'
        assert len(list((folder / 'pictures').glob('*.jpg'))) == 4  # of 8 that are asked for
    assert runs[0].curve != runs[1].curve
    assert 'faster-rcnn-c4_voc0712              2  AP ' in out
    assert 'this project, 2 runs, *reduced*' in write_pages(runs)[PAGE]


def test_a_dry_run_counts_iterations(benchmark):
    status, out, _ = benchmark('--dry-run', options=[])
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert ['faster-rcnn-c4_voc0712', 'to', 'run:', '24000', 'iterations'] in lines
    assert 'voc0712: host.robots.ox.ac.uk' in out


def test_a_network_that_the_detector_is_not_made_for_fails_in_one_line(benchmark, tmp_path):
    status, out, _ = benchmark(options=[])
    assert status == 2
    assert (
        "failed: the pretrained ResNet has the depth 18, the detector's 50: docs/detection" in out
    )
    assert not list(tmp_path.rglob('*.pth'))
