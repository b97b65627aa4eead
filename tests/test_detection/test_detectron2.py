"""The C4 detectors against detectron2's formulas, written anew here: labels, losses, detections.

Both choose anchors and RoIs at random; here both take the first ones. N images, A anchors, R RoIs,
G objects.
"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import PolygonMasks
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from pycocotools import mask as rle
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import batched_nms, box_iou, nms, roi_align

import mmbarlow.detection.registered  # noqa: F401
from mmbarlow.registry import MODELS, TASK_UTILS, TRANSFORMS

CONFIGS = Path(__file__).parents[2] / 'configs/benchmarks/coco_detection'
SIZES = [(100, 131), (85, 160)]  # height and width; no multiples of 16
# The second has its best anchor where the first overlaps more; the third overlaps none by 0.3.
BOXES = [
    torch.tensor([[10.0, 8, 120, 90], [20, 14, 128, 96], [3, 80, 9, 99]]),
    torch.tensor([[100.0, 5, 158, 80], [20, 20, 27, 30]]),
]
LABELS = [torch.tensor([0, 5, 79]), torch.tensor([5, 2])]


def polygons(boxes: Tensor) -> list[list[np.ndarray]]:
    """A triangle and a small square in each box."""
    found = []
    for x1, y1, x2, y2 in boxes.double().numpy():
        u, v = (x2 - x1) / 3, (y2 - y1) / 3
        square = [x1, y1, x1 + u, y1, x1 + u, y1 + v, x1, y1 + v]
        found.append([np.array([x2, y1, x2, y2, x1 + u, y2]), np.array(square)])
    return found


@pytest.fixture
def detector(data, shrink, tmp_path):
    """Mask R-CNN C4 as configured, with a ResNet-18, and weights that say something."""
    init_default_scope('mmengine')
    torch.manual_seed(0)
    cfg = shrink(CONFIGS / 'mask-rcnn-c4_coco.py', data, tmp_path)
    cfg.model.train_cfg.rcnn.sampler.num = 64
    model = MODELS.build(cfg.model)
    model.init_weights()
    for layer in (model.rpn_head.rpn_cls, model.rpn_head.rpn_reg, model.roi_head.bbox_head.fc_reg):
        torch.nn.init.normal_(layer.weight, std=0.02)
    torch.nn.init.normal_(model.roi_head.bbox_head.fc_cls.weight, std=0.3)
    return model


@pytest.fixture
def batch(detector, monkeypatch):
    monkeypatch.setattr(torch, 'randperm', lambda n, **_: torch.arange(n))
    torch.manual_seed(1)
    samples = []
    for (height, width), boxes, labels in zip(SIZES, BOXES, LABELS, strict=True):
        masks = PolygonMasks(polygons(boxes), height, width)
        shape = (height, width)
        sample = DetDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, scale_factor=(1, 1)))
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels, masks=masks)
        sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=labels[:0])
        samples.append(sample)
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for size in SIZES]
    return detector.data_preprocessor(dict(inputs=images, data_samples=samples), True)


def label(iou_GA: Tensor, low: float, high: float, best: bool) -> tuple[Tensor, Tensor]:
    """`Matcher`: the object that each anchor overlaps most, and 1, 0 or -1 (ignored)."""
    value, match = iou_GA.max(0)
    labels = torch.where(value >= high, 1, torch.where(value < low, 0, -1))
    if best:
        labels[(iou_GA == iou_GA.max(1, keepdim=True).values).any(0)] = 1
    return match, labels


def first(labels: Tensor, count: int, share: float) -> tuple[Tensor, Tensor]:
    """`subsample_labels` without chance: positive and negative ones."""
    positive, negative = (labels == 1).nonzero()[:, 0], (labels == 0).nonzero()[:, 0]
    positive = positive[: int(count * share)]
    return positive, negative[: count - len(positive)]


def center(boxes: Tensor) -> Tensor:
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def deltas(source: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """`Box2BoxTransform.get_deltas`."""
    a, b = center(source), center(target)
    return weights * torch.cat([(b[:, :2] - a[:, :2]) / a[:, 2:], (b[:, 2:] / a[:, 2:]).log()], 1)


def moved(boxes: Tensor, by: Tensor, weights: Tensor, size: tuple[int, int]) -> Tensor:
    """`Box2BoxTransform.apply_deltas`, clipped to the image."""
    a, d = center(boxes), by / weights
    size_ = a[:, 2:] * d[:, 2:].clamp(max=math.log(1000 / 16)).exp()
    middle = a[:, :2] + d[:, :2] * a[:, 2:]
    corners = torch.cat([middle - size_ / 2, middle + size_ / 2], 1)
    return torch.minimum(corners.clamp(min=0), torch.tensor(size[::-1] * 2))


RPN, ROI = torch.ones(4), torch.tensor([10.0, 10, 5, 5])


class Detectron2:
    """The formulas, on the layers of one of our models."""

    def __init__(self, model) -> None:
        self.model = model

    def propose(self, images: Tensor, before: int, after: int):
        """Logits (N, A), deltas (N, A, 4), anchors (A, 4) and the proposals of each image."""
        self.features = self.model.backbone(images)[0]
        logits, regressed = (x[0] for x in self.model.rpn_head([self.features]))
        height, width = self.features.shape[-2:]
        # mmdet has the three shapes outside and the five sizes inside, detectron2 the reverse
        cells = [
            (-w / 2, -r * w / 2, w / 2, r * w / 2)
            for r in (0.5, 1.0, 2.0)
            for s in (32, 64, 128, 256, 512)
            for w in [math.sqrt(s * s / r)]
        ]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
        shift = 16 * torch.stack([x, y, x, y], -1).reshape(-1, 1, 4)
        anchors = (shift + torch.tensor(cells)).reshape(-1, 4)
        logits = logits.permute(0, 2, 3, 1).flatten(1)
        regressed = regressed.permute(0, 2, 3, 1).reshape(len(images), -1, 4)
        proposals = []
        for size, score, by in zip(SIZES, logits, regressed, strict=True):
            order = score.argsort(descending=True)[:before]
            boxes = moved(anchors, by, RPN, size)[order]
            kept = (boxes[:, 2:] > boxes[:, :2]).all(1)
            boxes, score = boxes[kept], score[order][kept]
            proposals.append(boxes[nms(boxes, score, 0.7)[:after]])
        return logits, regressed, anchors, proposals

    def rpn_losses(self, logits: Tensor, regressed: Tensor, anchors: Tensor) -> dict[str, Tensor]:
        objectness, location = 0, 0
        for score, by, boxes in zip(logits, regressed, BOXES, strict=True):
            match, labels = label(box_iou(boxes, anchors), 0.3, 0.7, best=True)
            positive, negative = first(labels, 256, 0.5)
            assert len(positive) + len(negative) == 256
            chosen, truth = torch.cat([positive, negative]), torch.zeros(256)
            truth[: len(positive)] = 1
            objectness += F.binary_cross_entropy_with_logits(score[chosen], truth, reduction='sum')
            wanted = deltas(anchors[positive], boxes[match[positive]], RPN)
            location += (by[positive] - wanted).abs().sum()
        return dict(loss_rpn_cls=objectness / 512, loss_rpn_bbox=location / 512)

    def heads(self, proposals: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Features of the RoIs, scores (R, 81) and deltas (R, 80, 4)."""
        pooled = roi_align(self.features, proposals, 14, 1 / 16, 0, aligned=True)
        features = self.model.roi_head.shared_head(pooled)
        head, means = self.model.roi_head.bbox_head, features.mean((2, 3))
        return features, head.fc_cls(means), head.fc_reg(means).reshape(-1, 80, 4)

    def roi_losses(self, proposals: list[Tensor]) -> dict[str, Tensor]:
        rois, classes, targets, masks = [], [], [], []
        for boxes, truth, names in zip(proposals, BOXES, LABELS, strict=True):
            boxes = torch.cat([truth, boxes])
            match, labels = label(box_iou(truth, boxes), 0.5, 0.5, best=False)
            positive, negative = first(labels, 64, 0.25)
            chosen = torch.cat([positive, negative])
            kinds = torch.where(labels[chosen] == 1, names[match[chosen]], 80)
            rois.append(boxes[chosen])
            classes.append(kinds)
            targets.append(truth[match[chosen]])
            masks += [raster(polygons(truth)[match[i]], boxes[i]) for i in positive]
        features, scores, by = self.heads(rois)
        kinds, everything = torch.cat(classes), torch.cat(rois)
        hit = (kinds < 80).nonzero()[:, 0]
        wanted = deltas(everything[hit], torch.cat(targets)[hit], ROI)
        drawn = self.model.roi_head.mask_head(features[hit])[range(len(hit)), kinds[hit]]
        return dict(
            loss_cls=F.cross_entropy(scores, kinds),
            loss_bbox=(by[hit, kinds[hit]] - wanted).abs().sum() / len(kinds),
            loss_mask=F.binary_cross_entropy_with_logits(drawn, torch.stack(masks)),
        )

    def detect(self, proposals: list[Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
        """`fast_rcnn_inference`: boxes, scores and classes of each image."""
        found = []
        counts = [len(boxes) for boxes in proposals]
        _, scores, by = self.heads(proposals)
        parts = scores.softmax(1).split(counts), by.split(counts), proposals, SIZES
        for score, delta, boxes, size in zip(*parts, strict=True):
            row, kind = (score[:, :-1] > 0.05).nonzero(as_tuple=True)
            corners, values = moved(boxes[row], delta[row, kind], ROI, size), score[row, kind]
            kept = batched_nms(corners, values, kind, 0.5)[:100]
            found.append((corners[kept], values[kept], kind[kept]))
        return found


def raster(parts: list[np.ndarray], box: Tensor) -> Tensor:
    """`rasterize_polygons_within_box`, 14 x 14."""
    corner, size = box[:2].double().numpy(), (box[2:] - box[:2]).double().numpy()
    scaled = [((p.reshape(-1, 2) - corner) * 14 / size).reshape(-1) for p in parts]
    return torch.from_numpy(rle.decode(rle.merge(rle.frPyObjects(scaled, 14, 14)))).float()


def test_all_losses_of_two_images_of_different_size_are_detectron2s(detector, batch):
    assert batch['inputs'].shape == (2, 3, 100, 160)  # padded to no divisor
    detector.train()
    with torch.no_grad():
        losses = detector.loss(batch['inputs'], batch['data_samples'])
        oracle = Detectron2(detector)
        logits, regressed, anchors, proposals = oracle.propose(batch['inputs'], 12000, 32)
        wanted = oracle.rpn_losses(logits, regressed, anchors) | oracle.roi_losses(proposals)
    found = {k: v[0] if isinstance(v, list) else v for k, v in losses.items() if k in wanted}
    assert {k: float(v) for k, v in found.items()} == pytest.approx(
        {k: float(v) for k, v in wanted.items()}, rel=1e-6, abs=1e-6
    )
    assert float(found['loss_mask']) == pytest.approx(math.log(2), abs=0.01)  # unsure at first


def test_detections_are_detectron2s(detector, batch):
    detector.eval()
    with torch.no_grad():
        found = detector.predict(batch['inputs'], batch['data_samples'])
        oracle = Detectron2(detector)
        *_, proposals = oracle.propose(batch['inputs'], 6000, 32)
        wanted = oracle.detect(proposals)
    for sample, (boxes, scores, classes) in zip(found, wanted, strict=True):
        assert len(boxes) > 20
        assert torch.equal(sample.pred_instances.labels, classes)
        torch.testing.assert_close(sample.pred_instances.scores, scores, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(sample.pred_instances.bboxes, boxes, rtol=1e-5, atol=1e-4)


def test_each_object_makes_its_best_anchors_positive_and_an_anchor_learns_its_own_object():
    assigner = TASK_UTILS.build(
        dict(type='mmbarlow.BestAnchorAssigner', pos_iou_thr=0.7, neg_iou_thr=0.3)
    )
    rng = torch.Generator().manual_seed(0)
    grid = 16.0 * torch.cartesian_prod(torch.arange(12), torch.arange(9))
    anchors = torch.cat([torch.cat([grid - s / 2, grid + s / 2], 1) for s in (32, 64, 128)])
    tied = 0
    for _ in range(50):
        corner = torch.randint(0, 120, (6, 2), generator=rng).float()
        size = torch.randint(2, 90, (6, 2), generator=rng).float()
        boxes, names = torch.cat([corner, corner + size], 1), torch.arange(6)
        truth = InstanceData(bboxes=boxes, labels=names)
        found = assigner.assign(InstanceData(priors=anchors), truth)
        iou_GA = box_iou(boxes, anchors)
        match, labels = label(iou_GA, 0.3, 0.7, best=True)
        assert torch.equal(found.gt_inds, torch.where(labels == 1, match + 1, labels))
        assert torch.equal(found.labels, torch.where(labels == 1, match, -1))
        best = iou_GA == iou_GA.max(1, keepdim=True).values
        assert (labels[best.any(0)] == 1).all()
        tied += int((best.sum(1) > 1).sum())
    assert tied > 20
    nothing = InstanceData(bboxes=boxes[:0], labels=names[:0])
    found = assigner.assign(InstanceData(priors=anchors), nothing)
    assert not found.gt_inds.any()


def test_a_box_of_voc_ends_where_its_last_pixel_ends():
    load = TRANSFORMS.build(dict(type='mmbarlow.LoadVOCAnnotations', with_bbox=True))
    item = dict(bbox=[0, 4, 89, 59], bbox_label=3, ignore_flag=0)  # the file has 1, 5, 90, 60
    assert load(dict(instances=[item]))['gt_bboxes'].tensor.tolist() == [[0, 4, 90, 60]]


def test_polygons_stay_polygons_and_run_lengths_become_pixels():
    load = TRANSFORMS.build(
        dict(type='mmbarlow.LoadPolygonAnnotations', with_bbox=True, with_mask=True)
    )
    outline = dict(bbox=[0, 0, 4, 4], bbox_label=0, ignore_flag=0, mask=[[0.0, 0, 4, 0, 4, 4]])
    code = dict(outline, mask=dict(size=[6, 8], counts=[0, 6, 42]))
    crowd = dict(code, ignore_flag=1)
    shape = dict(ori_shape=(6, 8))
    kept = load(dict(instances=[outline, dict(crowd)], **shape))
    assert isinstance(kept['gt_masks'], PolygonMasks)
    assert kept['gt_ignore_flags'].tolist() == [False, True]
    drawn = load(dict(instances=[outline, dict(code)], **shape))
    assert drawn['gt_masks'].masks[1].sum() == 6
    assert drawn['gt_ignore_flags'].tolist() == [False, False]
