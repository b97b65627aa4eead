"""Every detection config builds, trains and predicts, with the numbers of its source."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.runner import Runner
from PIL import Image
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.config import data_roots, load_config
from mmbarlow.registry import DATASETS, MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[2] / 'configs' / 'benchmarks'
FILES = sorted(CONFIGS.glob('*_detection/*.py'))
BY_NAME = {path.stem: path for path in FILES}
VOC, COCO = BY_NAME['faster-rcnn-c4_voc0712'], BY_NAME['mask-rcnn-c4_coco']
each_config = pytest.mark.parametrize('path', FILES, ids=lambda p: p.stem)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmengine')


@each_config
def test_a_config_trains_everything_a_step_and_predicts(path, data, tmp_path, shrink):
    cfg = shrink(path, data, tmp_path)
    cfg.model.train_cfg.rcnn.sampler.num = 8
    cfg.model.test_cfg.rpn.max_per_img = 8
    cfg.model.test_cfg.rcnn.score_thr = 0.0  # an untrained detector is sure of nothing
    model = MODELS.build(cfg.model).train()
    model.init_weights()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    batch = model.data_preprocessor(next(iter(loader)), True)
    loss, losses = model.parse_losses(model(**batch, mode='loss'))
    wrapper.backward(loss)
    assert all(p.grad is not None for p in model.parameters())
    wrapper.step()

    kinds = {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox'}
    masks = {'loss_mask'} if 'mask' in path.stem else set()
    assert {name for name in losses if name.startswith('loss_')} == kinds | masks
    assert torch.isfinite(loss)
    assert not torch.equal(before['backbone.conv1.weight'], model.backbone.conv1.weight)
    layers = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    assert len(layers) > 20
    assert all(type(layer) is nn.BatchNorm2d for layer in layers)  # SyncBN is the runner's
    assert all(layer.num_batches_tracked >= 1 for layer in layers)

    model.eval()
    batch = next(iter(Runner.build_dataloader(cfg.test_dataloader)))
    for sample in model.test_step(batch):
        found = sample.pred_instances
        assert found.bboxes.shape == (len(found.labels), 4)
        assert len(found.labels) > min(50, 4 * model.roi_head.bbox_head.num_classes)
        assert found.bboxes.min() >= 0
        assert found.bboxes[:, 0::2].max() <= 90  # of the file, not of the network's input
        assert 'masks' not in found or found.masks.shape[1:] == (60, 90)


@each_config
def test_norm_layers_get_no_weight_decay_and_all_else_does(path):
    cfg = load_config(path)
    model = MODELS.build(cfg.model)
    norms = {
        id(p) for m in model.modules() if isinstance(m, _BatchNorm) for p in m.parameters(False)
    }
    groups = build_optim_wrapper(model, cfg.optim_wrapper).optimizer.param_groups
    decays = {id(p): group['weight_decay'] for group in groups for p in group['params']}
    assert set(decays) == {id(p) for p in model.parameters()}
    assert len(norms) >= 106
    assert all(decay == (0 if p in norms else 1e-4) for p, decay in decays.items())
    assert all(group['momentum'] == 0.9 for group in groups)
    assert cfg.sync_bn == 'torch'


@pytest.mark.parametrize(
    ('name', 'base', 'start', 'warmup', 'drops', 'iterations'),
    [
        ('faster-rcnn-c4_voc0712', 0.1, 0.333, 1000, [18000, 22000], 24000),
        ('faster-rcnn-c4-moco_voc0712', 0.02, 0.001, 100, [18000, 22000], 24000),
        ('mask-rcnn-c4_coco', 0.03, 0.001, 1000, [60000, 80000], 90000),
        ('mask-rcnn-c4-moco_coco', 0.02, 0.001, 1000, [60000, 80000], 90000),
        ('mask-rcnn-fpn_coco', 0.02, 0.001, 1000, [60000, 80000], 90000),
    ],
)
def test_the_rates_are_the_published_ones(name, base, start, warmup, drops, iterations):
    cfg = load_config(BY_NAME[name])
    optimizer = build_optim_wrapper(nn.Linear(1, 1), cfg.optim_wrapper).optimizer
    schedulers = [
        PARAM_SCHEDULERS.build(step, default_args=dict(optimizer=optimizer))
        for step in cfg.param_scheduler
    ]
    # Between the end of the warm-up and the drops there is nothing to step through.
    assert schedulers[1].milestones == dict.fromkeys(drops, 1)
    later = [i + k for i in drops for k in (-1, 0)]
    found = {0: optimizer.param_groups[0]['lr']}
    for iteration in (*range(1, 1002), *later):
        for scheduler in schedulers:
            scheduler.last_step = iteration - 1
            scheduler.step()
        found[iteration] = optimizer.param_groups[0]['lr']
    wanted = {0: start, warmup // 2: (1 + start) / 2, warmup: 1, 1001: 1}
    wanted.update(zip(later, (1, 0.1, 0.1, 0.01), strict=True))
    assert {i: found[i] for i in wanted} == pytest.approx({i: base * f for i, f in wanted.items()})
    assert cfg.train_cfg.max_iters == iterations
    assert cfg.train_dataloader.batch_size == 16


@each_config
def test_proposals_and_scales_are_detectron2s(path):
    cfg = load_config(path)
    if 'c4' in path.stem:
        train, test = cfg.model.train_cfg.rpn_proposal, cfg.model.test_cfg.rpn
        assert (train.nms_pre, train.max_per_img) == (12000, 2000)
        assert (test.nms_pre, test.max_per_img) == (6000, 1000)
        assert cfg.model.train_cfg.rpn.allowed_border == -1  # anchors may cross the border
    shortest = 480 if 'voc' in path.stem else 640
    for dataset in training_sets(cfg):
        (resize,) = [step for step in dataset.pipeline if 'scales' in step]
        assert resize.scales == [(1333, side) for side in range(shortest, 801, 32)]
    (resize,) = [step for step in cfg.test_dataloader.dataset.pipeline if 'scale' in step]
    assert resize.scale == (1333, 800)


@each_config
def test_red_stays_red_and_is_normalized_as_in_pretraining(path, tmp_path):
    red = np.zeros((40, 60, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    Image.fromarray(red).save(tmp_path / 'red.png')
    cfg = load_config(path)
    preprocess = MODELS.build(dict(cfg.model.data_preprocessor, _scope_='mmdet'))
    wanted = (np.array([255, 0, 0]) - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]
    for dataset in (*training_sets(cfg), cfg.test_dataloader.dataset):
        steps = [step for step in dataset.pipeline if 'Annotations' not in step.type]
        steps = [step for step in steps if step.type != 'mmbarlow.KeepDifficult']
        pipeline = Compose([TRANSFORMS.build(step) for step in steps])
        sample = pipeline(dict(img_path=str(tmp_path / 'red.png'), img_id=0))
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        pixel = preprocess(batch)['inputs'][0, :, 5, 5]
        np.testing.assert_allclose(pixel, wanted, atol=1e-4)


def test_difficult_objects_are_trained_on_and_not_evaluated(data, tmp_path, shrink):
    cfg = shrink(VOC, data, tmp_path)
    sample = DATASETS.build(cfg.train_dataloader.dataset)[0]['data_samples']
    assert sorted(sample.gt_instances.labels.tolist()) == [9, 11]  # cow and dog
    sample = DATASETS.build(cfg.test_dataloader.dataset)[0]['data_samples']
    assert sample.gt_instances.labels.tolist() == [9]
    assert sample.ignored_instances.labels.tolist() == [11]


def test_voc_trains_on_both_years_and_each_image_once(data, tmp_path, shrink):
    cfg = shrink(VOC, data, tmp_path)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    assert len(set(paths)) == len(paths) == 8
    assert sum('VOC2012' in path for path in paths) == 4


def test_one_data_root_moves_the_sets_in_a_list_and_the_evaluator():
    cfg = load_config(VOC, dict(data_root='elsewhere'))
    assert {folder for _, folder in data_roots(cfg)} == {'elsewhere'}
    keys = [key for key, _ in data_roots(cfg)]
    assert 'train_dataloader.dataset.datasets.1.data_root' in keys
    cfg = load_config(COCO, dict(data_root='elsewhere'))
    assert cfg.val_evaluator.data_root == 'elsewhere'


def test_every_config_opens_with_its_command():
    for path in FILES:
        assert re.search(rf'--suite {path.stem}\s', path.read_text().split('"""')[1]), path


def training_sets(cfg) -> list:
    dataset = cfg.train_dataloader.dataset
    return dataset.get('datasets', [dataset])
