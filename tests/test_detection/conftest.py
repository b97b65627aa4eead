"""Miniatures of VOC and COCO, and detectors small enough for a CPU."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmbarlow.config import load_config

DEPTHS = {18: 1, 50: 4}  # expansion of the blocks


@pytest.fixture(scope='session')
def data(tmp_path_factory, make_voc) -> Path:
    """Four images of each data set, 90 x 60, with two objects; one of VOC's is difficult."""
    root = tmp_path_factory.mktemp('detection')
    objects = [('cow', 0, (6, 11, 45, 50)), ('dog', 1, (51, 6, 80, 40))]
    images = {f'{i:06}': objects for i in range(4)}
    make_voc(root, dict(trainval=images, test=images), size=(90, 60))
    make_voc(root, dict(trainval=images), year=2012, size=(90, 60))
    (root / 'annotations').mkdir()
    for split in ('train2017', 'val2017'):
        make_coco(root, split)
    return root


def make_coco(root: Path, split: str) -> None:
    """Polygons of a person and of a toothbrush, the first and the last of the 80 classes."""
    rng = np.random.default_rng(0)
    (root / split).mkdir()
    images, annotations = [], []
    for i in range(1, 5):
        name = f'{i:012}.jpg'
        pixels = rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / split / name)
        images.append(dict(id=i, file_name=name, width=90, height=60))
        for category, (x, y, w, h) in ((1, (5, 10, 40, 40)), (90, (50, 5, 30, 35))):
            outline = [x, y, x + w, y, x + w, y + h, x, y + h]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=i,
                    category_id=category,
                    bbox=[x, y, w, h],
                    area=w * h,
                    iscrowd=0,
                    segmentation=[outline],
                )
            )
    from mmdet.datasets import CocoDataset

    # COCO's numbers have gaps: 1 to 90 for 80 classes.
    gaps = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    numbers = [i for i in range(1, 91) if i not in gaps]
    names = CocoDataset.METAINFO['classes']
    categories = [dict(id=i, name=name) for i, name in zip(numbers, names, strict=True)]
    content = dict(images=images, annotations=annotations, categories=categories)
    (root / 'annotations' / f'instances_{split}.json').write_text(json.dumps(content))


@pytest.fixture(scope='session')
def shrink():
    return shrunk


def shrunk(
    path: Path, data: Path, work_dir: Path, depth: int = 18, scale: tuple[int, int] = (128, 96)
) -> Config:
    """The config with its own structure, at a size for CPUs."""
    from mmbarlow.detection.own_data import complete

    cfg = load_config(path, dict(data_root=str(data)), str(work_dir))
    complete(cfg)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(batch_size=2, num_workers=0, persistent_workers=False, pin_memory=False)
        for dataset in loader.dataset.get('datasets', [loader.dataset]):
            for step in dataset.pipeline:
                if 'scales' in step:
                    step.scales = [scale]
                elif 'scale' in step:
                    step.scale = scale
    model, width = cfg.model, 64 * DEPTHS[depth]
    model.backbone.depth = depth
    model.train_cfg.rcnn.sampler.num = 16
    model.train_cfg.rpn_proposal.max_per_img = 32
    model.test_cfg.rpn.max_per_img = 32
    if 'neck' in model:
        model.neck.in_channels = [width * 2**i for i in range(4)]
        return cfg
    head = model.roi_head
    head.shared_head.depth = depth
    model.rpn_head.in_channels = head.bbox_roi_extractor.out_channels = 4 * width
    for name in ('bbox_head', 'mask_head'):
        if name in head:
            head[name].in_channels = 8 * width
    return cfg
