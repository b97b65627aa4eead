"""Boxes, classes, preprocessing and evaluation fit together: a detector learns eight images by
heart. Generated ones here; photographs of VOC's layout with

    MMBARLOW_VOC=FOLDER_OF_VOCDEVKIT python -m pytest tests/test_detection/test_overfit_boxes.py
"""

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
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
    cfg = by_heart(shrink, shapes, tmp_path / 'run', scale=(WIDTH, HEIGHT), iterations=ITERATIONS)
    found = []
    for seed in range(3):  # such a short training run can end a box short on another processor
        cfg.randomness = dict(seed=seed)
        found.append(learn(cfg))
        if found[-1] >= 90:
            return
    pytest.fail(f'AP50 after {ITERATIONS} iterations with three seeds: {found}')


@pytest.mark.slow
@pytest.mark.skipif('MMBARLOW_VOC' not in os.environ, reason='no photographs in MMBARLOW_VOC')
def test_faster_rcnn_c4_learns_eight_photographs_by_heart(shrink, tmp_path):
    data = eight_photographs(Path(os.environ['MMBARLOW_VOC']), tmp_path / 'data')
    cfg = by_heart(shrink, data, tmp_path / 'run', scale=(250, 150), iterations=600)
    assert learn(cfg) >= 90


def eight_photographs(source: Path, target: Path) -> Path:
    """The first of `source`'s trainval whose objects all cover 5 % of the image or more."""
    source = source.resolve() / 'VOCdevkit' / 'VOC2007'
    names = (source / 'ImageSets' / 'Main' / 'trainval.txt').read_text().split()
    large = [name for name in names if least_share(source / 'Annotations' / f'{name}.xml') >= 0.05]
    devkit = target / 'VOCdevkit' / 'VOC2007'
    (devkit / 'ImageSets' / 'Main').mkdir(parents=True)
    for folder in ('Annotations', 'JPEGImages'):
        (devkit / folder).symlink_to(source / folder)
    for split in ('trainval', 'test'):
        (devkit / 'ImageSets' / 'Main' / f'{split}.txt').write_text('\n'.join(large[:8]))
    return target


def least_share(annotation: Path) -> float:
    """Of the image's area, that of its smallest object; 0 where there is none."""
    root = ET.parse(annotation).getroot()
    area = float(root.findtext('size/width')) * float(root.findtext('size/height'))
    sides = ('xmin', 'ymin', 'xmax', 'ymax')
    boxes = [[float(box.findtext(side)) for side in sides] for box in root.iter('bndbox')]
    return min(((x2 - x1 + 1) * (y2 - y1 + 1) / area for x1, y1, x2, y2 in boxes), default=0.0)


def by_heart(shrink, data: Path, work_dir: Path, scale: tuple[int, int], iterations: int) -> Config:
    """The shipped config for a ResNet-18 that tests on its training images."""
    cfg = shrink(CONFIG, data, work_dir, scale=scale)
    cfg.train_dataloader.dataset = cfg.train_dataloader.dataset.datasets[0]  # VOC 2007
    # Of each RoI 7 x 7 pixels for res5, and the mean of its 4 x 4: half of the published ones.
    cfg.model.roi_head.bbox_roi_extractor.roi_layer.output_size = 7
    cfg.model.roi_head.bbox_head.roi_feat_size = 4
    # Eight RoIs an image, of which a quarter would be two positive ones.
    cfg.model.train_cfg.rcnn.sampler.update(num=8, pos_fraction=0.5)
    cfg.train_cfg.update(max_iters=iterations, val_interval=iterations)
    cfg.optim_wrapper.optimizer.lr = 0.03
    warmup, steps = cfg.param_scheduler
    warmup.end, steps.milestones = iterations // 9, [iterations * 4 // 5, iterations * 14 // 15]
    next(h for h in cfg.custom_hooks if 'Precise' in h.type).iterations = 8
    cfg.default_hooks.checkpoint.interval = iterations
    return cfg


def learn(cfg: Config) -> float:
    """AP50 after the training."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.val_loop.run()['pascal_voc/AP50']
