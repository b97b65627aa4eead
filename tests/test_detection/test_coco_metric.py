"""Boxes and masks against pycocotools, called on the same predictions without anything of ours."""

import json
from logging.handlers import BufferingHandler
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import mmbarlow.detection.registered  # noqa: F401
from mmbarlow.errors import InputError
from mmbarlow.registry import METRICS

# Names in another order than the categories of the file, with ids that are not labels.
CATEGORIES = {7: 'cat', 2: 'dog', 44: 'cow'}
SIZE = 96


def ellipse(center, radii) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return ((x - center[0]) / radii[0]) ** 2 + ((y - center[1]) / radii[1]) ** 2 <= 1


def encoded(mask: np.ndarray) -> dict:
    code = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=list(code['size']), counts=code['counts'].decode())


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> tuple[Path, list[DetDataSample], dict[str, list[dict]]]:
    """Annotations of ellipses, predictions as mmdet makes them, and the same as pycocotools reads
    them: moved, missed, false, in 12 images."""
    rng = np.random.default_rng(0)
    annotations, samples, results = [], [], dict(bbox=[], segm=[])
    ids = list(CATEGORIES)
    for i in range(12):
        image, masks, labels, scores = 100 + 3 * i, [], [], []
        for k in range(6):
            center, radii = rng.uniform(15, SIZE - 15, 2), rng.uniform(6, 20, 2)
            mask, category = ellipse(center, radii), ids[rng.integers(3)]
            code = encoded(mask)
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image,
                    category_id=category,
                    bbox=rle.toBbox(code).tolist(),
                    area=int(mask.sum()),
                    segmentation=code,
                    iscrowd=int(k == 5),
                )
            )
            for _ in range(rng.integers(0, 3)):
                guess = ellipse(center + rng.normal(0, 2, 2), radii * rng.uniform(0.7, 1.3, 2))
                masks.append(guess)
                labels.append(ids.index(category if rng.random() < 0.9 else ids[0]))
                scores.append(float(rng.random()))
        boxes = [rle.toBbox(encoded(mask)).tolist() for mask in masks]
        found = InstanceData(
            bboxes=torch.tensor([[x, y, x + w, y + h] for x, y, w, h in boxes]).reshape(-1, 4),
            masks=torch.tensor(np.array(masks).reshape(-1, SIZE, SIZE)),
            labels=torch.tensor(labels, dtype=torch.int64),
            scores=torch.tensor(scores),
        )
        samples.append(
            DetDataSample(metainfo=dict(img_id=image, ori_shape=(SIZE, SIZE)), pred_instances=found)
        )
        for box, mask, label, score in zip(boxes, masks, labels, scores, strict=True):
            common = dict(image_id=image, category_id=ids[label], score=score)
            results['bbox'].append(dict(common, bbox=box))
            results['segm'].append(dict(common, segmentation=encoded(mask)))
    file = tmp_path_factory.mktemp('coco') / 'annotations' / 'instances_val2017.json'
    file.parent.mkdir()
    images = [s.img_id for s in samples]
    content = dict(
        images=[dict(id=i, width=SIZE, height=SIZE, file_name=f'{i}.jpg') for i in images],
        annotations=annotations,
        categories=[dict(id=i, name=name) for i, name in CATEGORIES.items()],
    )
    file.write_text(json.dumps(content))
    return file, samples, results


def evaluate(file: Path, samples: list[DetDataSample], **settings) -> dict[str, float]:
    place = dict(data_root=str(file.parents[1]), ann_file='annotations/instances_val2017.json')
    cfg = dict(type='mmbarlow.COCODetectionMetric', **place, **settings)
    evaluator = Evaluator([METRICS.build(cfg)])
    evaluator.dataset_meta = dict(classes=('dog', 'cow', 'cat'))
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def pycocotools(file: Path, results: dict[str, list[dict]], images: list[int]) -> dict[str, float]:
    numbers = {}
    for kind, prefix in (('bbox', ''), ('segm', 'mask_')):
        truth = COCO(str(file))
        found = [dict(one) for one in results[kind] if one['image_id'] in images]
        evaluation = COCOeval(truth, truth.loadRes(found), kind)
        evaluation.params.imgIds = images
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        for name, value in zip(('AP', 'AP50', 'AP75'), evaluation.stats, strict=False):
            numbers[f'coco/{prefix}{name}'] = 100 * value
    return numbers


@pytest.mark.parametrize('count', [12, 5])
def test_boxes_and_masks_have_the_ap_that_pycocotools_gives_them(data, count):
    """All images, and a part of them: the others were not tested and were not missed."""
    file, samples, results = data
    expected = pycocotools(file, results, [s.img_id for s in samples[:count]])
    assert 10 < expected['coco/mask_AP'] < expected['coco/mask_AP50'] < 95
    assert expected['coco/AP'] != pytest.approx(expected['coco/mask_AP'], abs=0.5)
    found = evaluate(file, samples[:count])
    # Ties of scores aside: those of mmdet are of 32 bits.
    assert found == {name: pytest.approx(value, abs=1e-3) for name, value in expected.items()}


def test_no_detection_is_zero_and_no_object_is_no_number(data, tmp_path):
    file, samples, _ = data
    nothing = samples[0].pred_instances[:0]
    empty = DetDataSample(metainfo=samples[0].metainfo, pred_instances=nothing)
    assert evaluate(file, [empty]) == {
        f'coco/{p}{name}': 0 for p in ('', 'mask_') for name in ('AP', 'AP50', 'AP75')
    }
    content = json.loads(file.read_text()) | dict(annotations=[])
    bare = tmp_path / 'annotations' / file.name
    bare.parent.mkdir()
    bare.write_text(json.dumps(content))
    assert all(np.isnan(value) for value in evaluate(bare, samples[:2]).values())


def test_a_detector_without_masks_is_evaluated_by_its_boxes_if_the_config_says_so(data):
    file, samples, results = data
    boxes = []
    for sample in samples:
        found = sample.pred_instances
        found = InstanceData(bboxes=found.bboxes, labels=found.labels, scores=found.scores)
        boxes.append(DetDataSample(metainfo=sample.metainfo, pred_instances=found))
    with pytest.raises(InputError, match="predicts no masks: set val_evaluator.metric to 'bbox'"):
        evaluate(file, boxes)
    expected = pycocotools(file, results, [s.img_id for s in samples])
    assert evaluate(file, boxes, metric='bbox') == {
        name: pytest.approx(value, abs=1e-3)
        for name, value in expected.items()
        if 'mask' not in name
    }


def test_the_table_of_pycocotools_goes_into_the_log(data):
    file, samples, _ = data
    log, kept = MMLogger.get_current_instance(), BufferingHandler(100)
    log.addHandler(kept)
    found = evaluate(file, samples)
    log.removeHandler(kept)
    messages = [record.getMessage() for record in kept.buffer]
    boxes, masks = (text for text in messages if 'Average Precision' in text)
    for table, name in ((boxes, 'AP'), (masks, 'mask_AP')):
        assert f'area=   all | maxDets=100 ] = {found[f"coco/{name}"] / 100:.3f}' in table
