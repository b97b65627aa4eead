"""The 11-point rule against an example done by hand and against the development kit's steps."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

import mmbarlow.detection.registered  # noqa: F401
from mmbarlow.detection.voc_metric import ap
from mmbarlow.registry import METRICS

CLASSES = ('cat', 'dog', 'cow')
Objects = list[tuple[str, list[float]]]


def instances(objects: Objects) -> InstanceData:
    boxes = torch.tensor([box for _, box in objects], dtype=torch.float32).reshape(-1, 4)
    labels = torch.tensor([CLASSES.index(name) for name, _ in objects], dtype=torch.int64)
    return InstanceData(bboxes=boxes, labels=labels)


def image(objects: Objects, difficult: Objects, found: list[tuple[str, list[float], float]]):
    sample = DetDataSample(gt_instances=instances(objects), ignored_instances=instances(difficult))
    sample.pred_instances = instances([(name, box) for name, box, _ in found])
    sample.pred_instances.scores = torch.tensor([score for *_, score in found])
    return sample


def evaluate(images: list[DetDataSample]) -> dict[str, float]:
    evaluator = Evaluator([METRICS.build(dict(type='mmbarlow.VOCDetectionMetric'))])
    evaluator.dataset_meta = dict(classes=CLASSES)
    for sample in images:
        evaluator.process([sample])
    return evaluator.evaluate(len(images))


def test_an_example_done_by_hand():
    """Four cats, and a difficult one. By falling score: found, a false one, found, the difficult
    one, the first again, and one found with an IoU of 0.62; a cat is missed. Without the
    difficult one, up to IoU 0.60, the (recall, precision) are

        (1/4, 1) (1/4, 1/2) (2/4, 2/3) (2/4, 1/2) (3/4, 3/5)

    so that the highest precisions from the recalls 0, 0.1, ..., 1 on are 3 x 1, 3 x 2/3, 2 x 3/5
    and 3 x 0: AP is 6.2 / 11. From IoU 0.65 on the last one is false: 3 x 1 and 3 x 2/3, 5 / 11.
    """
    a, b, c = [0, 0, 99, 99], [200, 0, 299, 99], [0, 200, 99, 299]
    d, e = [200, 200, 299, 299], [400, 200, 499, 299]
    images = [
        image(
            [('cat', a), ('cat', b)],
            [],
            [
                ('cat', a, 0.9),
                ('cat', [300, 300, 399, 399], 0.8),
                ('cat', a, 0.5),
                ('cat', [200, 0, 299, 61], 0.4),  # 62 of 100 rows
            ],
        ),
        image([('cat', c), ('cat', d)], [('cat', e)], [('cat', c, 0.7), ('cat', e, 0.6)]),
    ]
    low, high = 100 * 6.2 / 11, 100 * 5 / 11
    expected = dict(AP=(3 * low + 7 * high) / 10, AP50=low, AP75=high)
    found = evaluate(images)
    assert found == {f'pascal_voc/{k}': pytest.approx(v, abs=1e-4) for k, v in expected.items()}

    # A dog that is found counts as much as all cats; cows, which nobody could find, do not count.
    images.append(image([('dog', a)], [], [('dog', a, 0.3), ('cow', a, 0.9)]))
    found = evaluate(images)
    assert found['pascal_voc/AP50'] == pytest.approx((low + 100) / 2, abs=1e-4)
    assert all(np.isnan(value) for value in evaluate([image([], [], [])]).values())


def kit(images: list[DetDataSample], label: int, threshold: float) -> float | None:
    """VOCevaldet.m, step by step, for one class; None where it has no object."""
    objects, total = [], 0
    for sample in images:
        own = []
        for part, difficult in ((sample.gt_instances, False), (sample.ignored_instances, True)):
            for box in part.bboxes[part.labels == label].double().numpy():
                own.append(dict(box=box, difficult=difficult, detected=False))
                total += not difficult
        objects.append(own)
    if not total:
        return None
    found = sorted(
        (-score, i, box)
        for i, sample in enumerate(images)
        for box, score, of in zip(
            sample.pred_instances.bboxes.double().tolist(),
            sample.pred_instances.scores.tolist(),
            sample.pred_instances.labels.tolist(),
            strict=True,
        )
        if of == label
    )
    hits, misses = np.zeros(len(found)), np.zeros(len(found))
    for d, (_, i, (left, top, right, bottom)) in enumerate(found):
        best, matched = -np.inf, None
        for thing in objects[i]:
            box = thing['box']
            width = min(right, box[2]) - max(left, box[0]) + 1
            height = min(bottom, box[3]) - max(top, box[1]) + 1
            if width > 0 and height > 0:
                union = (right - left + 1) * (bottom - top + 1)
                union += (box[2] - box[0] + 1) * (box[3] - box[1] + 1) - width * height
                if width * height / union > best:
                    best, matched = width * height / union, thing
        if best < threshold:
            misses[d] = 1
        elif not matched['difficult']:
            (misses if matched['detected'] else hits)[d] = 1
            matched['detected'] = True
    hits, misses = hits.cumsum(), misses.cumsum()
    recall, precision = hits / total, hits / np.maximum(hits + misses, 1e-9)
    return sum(max(precision[recall >= t], default=0) for t in np.arange(11) * 0.1) / 11


def random_images() -> list[DetDataSample]:
    """Objects, found with errors of some pixels, found twice, missed, and false detections."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(25):
        corners = rng.integers(0, 200, (6, 2))
        boxes = np.hstack([corners, corners + rng.integers(20, 150, (6, 2))]).astype(float)
        names = rng.choice(CLASSES[:2], 6)
        objects = [(str(n), b.tolist()) for n, b in zip(names, boxes, strict=True)]
        found = [
            (str(rng.choice(CLASSES)) if rng.random() < 0.1 else name, moved, rng.random())
            for name, box in objects * 2
            for moved in [(np.array(box) + rng.normal(0, 8, 4)).tolist()]
            if rng.random() < 0.7
        ]
        images.append(image(objects[:5], objects[5:], found))
    return images


def test_the_numbers_are_those_of_the_development_kit():
    images = random_images()
    means = {}
    for threshold in range(50, 100, 5):
        aps = [kit(images, label, threshold / 100) for label in range(len(CLASSES))]
        assert aps[2] is None
        means[threshold] = 100 * np.mean([ap for ap in aps if ap is not None])
    assert 20 < means[75] < means[50] < 90
    expected = dict(AP=np.mean(list(means.values())), AP50=means[50], AP75=means[75])
    found = evaluate(images)
    assert found == {f'pascal_voc/{k}': pytest.approx(v, abs=1e-3) for k, v in expected.items()}


def voc_eval(found, objects, difficult, threshold: float) -> float:
    """detectron2's `voc_eval`, written anew for one class: lists of boxes per image, in float64.

    Its boxes name their last pixel. Of two detections with the same score the first comes first.
    """
    lines = [(image, *row) for image, rows in enumerate(found) for row in rows.tolist()]
    lines.sort(key=lambda line: -line[5])
    total, taken, marks = sum(map(len, objects)), set(), []
    for image, left, top, right, bottom, _ in lines:
        best, which = -1.0, None
        candidates = [*objects[image].tolist(), *difficult[image].tolist()]
        for k, (x1, y1, x2, y2) in enumerate(candidates):
            width = max(min(x2, right) - max(x1, left) + 1.0, 0.0)
            height = max(min(y2, bottom) - max(y1, top) + 1.0, 0.0)
            area = (right - left + 1.0) * (bottom - top + 1.0) + (x2 - x1 + 1.0) * (y2 - y1 + 1.0)
            iou = width * height / (area - width * height)
            if iou > best:
                best, which = iou, k
        if best < threshold or (image, which) in taken:
            marks.append((0, 1))
        elif which < len(objects[image]):
            taken.add((image, which))
            marks.append((1, 0))
    hits = misses = 0
    curve = []
    for hit, miss in marks:
        hits, misses = hits + hit, misses + miss
        curve.append((hits / total, hits / (hits + misses)))
    points = np.arange(0.0, 1.1, 0.1)
    return sum(max((p for r, p in curve if r >= t), default=0.0) for t in points) / 11


@pytest.mark.parametrize('last_pixel', [True, False])
def test_many_random_detections_with_ties_agree_with_detectron2s_steps_in_float64(last_pixel):
    """Ten objects each, so that recalls lie on the eleven points; few scores, so that many tie."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        images = [
            np.hstack([c, c + rng.integers(5, 60, (5, 2))]) for c in rng.integers(0, 80, (4, 5, 2))
        ]
        objects = [boxes[:n] for boxes, n in zip(images, (5, 3, 2, 0), strict=True)]
        difficult = [boxes[n:] for boxes, n in zip(images, (5, 3, 2, 0), strict=True)]
        found = []
        for boxes in images:
            moved = np.vstack([boxes, boxes]) + rng.integers(-4, 5, (10, 4))
            scores = rng.integers(1, 6, (10, 1)) / 5
            found.append(np.hstack([moved, scores])[rng.random(10) < 0.8].astype(float))
        shift = 0 if last_pixel else np.array([0, 0, 1, 1])
        parts = [[x[:, :4] + shift for x in part] for part in (found, objects, difficult)]
        parts[0] = [np.hstack([box, row[:, 4:]]) for box, row in zip(parts[0], found, strict=True)]
        for threshold in (0.5, 0.7, 0.75):
            wanted = voc_eval(found, objects, difficult, threshold)
            assert ap(*parts, threshold, last_pixel) == pytest.approx(wanted, abs=1e-12)


def test_three_of_ten_objects_are_no_recall_of_the_point_above_them():
    """detectron2's fourth point is 0.30000000000000004 in float64; mmdet's 3 of 10 reach it."""
    boxes = np.array([[20.0 * i, 0, 20.0 * i + 9, 9] for i in range(10)])
    found = np.hstack([boxes[:3], [[0.9], [0.8], [0.7]]])
    assert ap([found], [boxes], [boxes[:0]], 0.5) == pytest.approx(3 / 11, abs=1e-12)


def test_an_object_that_overlaps_by_exactly_seven_tenths_is_found_at_that_threshold():
    """7 of 10 rows: in float32 the overlap is below 0.7."""
    thing, half = np.array([[0.0, 0, 9, 9]]), np.array([[0.0, 0, 9, 6, 0.9]])
    assert ap([half], [thing], [thing[:0]], 0.7) == 1
    assert ap([half], [thing], [thing[:0]], 0.7001) == 0
