"""Boxes, classes, preprocessing and evaluation fit together: a detector learns eight images by
heart."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.runner import Runner

CONFIG = Path(__file__).parents[2] / 'configs/benchmarks/voc_detection/faster-rcnn-c4_voc0712.py'
CLASSES = ('cow', 'dog', 'car', 'sheep')  # blue and green ellipses, magenta and yellow rectangles
WIDTH, HEIGHT = 96, 72
ITERATIONS = 120


@pytest.fixture
def shapes(make_voc, tmp_path) -> Path:
    """Two objects of different classes an image, left and right, each class in four images."""
    rng, images = np.random.default_rng(0), {}
    for i in range(8):
        objects = []
        for number, left in ((i, 1), (i + 1 + i // 4, 49)):
            w, h = (int(side) for side in rng.integers(26, 44, 2))
            x, y = left + int(rng.integers(0, 47 - w)), 1 + int(rng.integers(0, HEIGHT - h))
            objects.append((CLASSES[number % 4], 0, (x, y, x + w - 1, y + h - 1)))
        images[f'{i:06}'] = objects
    return make_voc(tmp_path / 'data', dict(trainval=images, test=images), size=(WIDTH, HEIGHT))


@pytest.mark.slow
def test_faster_rcnn_c4_learns_eight_images_by_heart(shapes, shrink, tmp_path):
    """From an untrained ResNet-18, with the shipped config but for sizes and length."""
    cfg = shrink(CONFIG, shapes, tmp_path / 'run', scale=(WIDTH, HEIGHT))
    cfg.train_dataloader.dataset = cfg.train_dataloader.dataset.datasets[0]  # VOC 2007
    # Of each RoI 7 x 7 pixels for res5, and the mean of its 4 x 4: half of the published ones.
    cfg.model.roi_head.bbox_roi_extractor.roi_layer.output_size = 7
    cfg.model.roi_head.bbox_head.roi_feat_size = 4
    # Eight RoIs an image, of which a quarter would be two positive ones.
    cfg.model.train_cfg.rcnn.sampler.update(num=8, pos_fraction=0.5)
    cfg.train_cfg.update(max_iters=ITERATIONS, val_interval=ITERATIONS)
    cfg.optim_wrapper.optimizer.lr = 0.03
    warmup, steps = cfg.param_scheduler
    warmup.end, steps.milestones = 13, [95, 112]
    next(h for h in cfg.custom_hooks if 'Precise' in h.type).iterations = 8
    cfg.default_hooks.checkpoint.interval = ITERATIONS

    found = []
    for seed in range(3):  # so short a training can end a box short on another processor
        cfg.randomness = dict(seed=seed)
        runner = Runner.from_cfg(cfg)
        runner.train()
        found.append(runner.val_loop.run()['pascal_voc/AP50'])
        if found[-1] >= 90:
            return
    pytest.fail(f'AP50 after {ITERATIONS} iterations with three seeds: {found}')
