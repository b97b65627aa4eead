"""Parts of a C4 detector that mmdet computes otherwise than detectron2, as detectron2 has them."""

from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from torch import Tensor, nn

from mmbarlow.registry import MODELS, TASK_UTILS


@TASK_UTILS.register_module()
class BestAnchorAssigner(MaxIoUAssigner):
    """Labels anchors as detectron2's `Matcher` does with `allow_low_quality_matches`.

    Each object makes the anchors with which it overlaps most positive, all of them if several
    overlap alike, however small the overlap is. Such an anchor then learns the object that it
    overlaps most itself; mmdet gives it the object whose best anchor it is, even if it overlaps
    another one more. The thresholds are those of `MaxIoUAssigner`.
    """

    def __init__(self, pos_iou_thr: float, neg_iou_thr: float) -> None:
        overlap = dict(type='mmdet.BboxOverlaps2D')
        super().__init__(pos_iou_thr, neg_iou_thr, min_pos_iou=0.0, iou_calculator=overlap)

    def assign_wrt_overlaps(self, overlaps: Tensor, gt_labels: Tensor) -> AssignResult:
        """The object of each anchor from 1 on, 0 for none, -1 to ignore it.

        Args:
            overlaps: IoU of each object with each anchor, (objects, anchors).
            gt_labels: class of each object, (objects,).
        """
        result = super().assign_wrt_overlaps(overlaps, gt_labels)
        if len(gt_labels):
            nearest = overlaps.argmax(dim=0)
            positive = result.gt_inds > 0
            result.gt_inds[positive] = nearest[positive] + 1
            result.labels[positive] = gt_labels[nearest[positive]]
        return result


@MODELS.register_module()
class WholeBatchPreprocessor(DetDataPreprocessor):
    """Counts what is padded to the size of the batch as part of each image, as detectron2 does.

    Anchors there are background. mmdet leaves them out.
    """

    def _get_pad_shape(self, data: dict) -> list[tuple]:
        shapes = super()._get_pad_shape(data)
        return [tuple(map(max, zip(*shapes, strict=True)))] * len(shapes)


@MODELS.register_module()
class SmallStartMaskHead(FCNMaskHead):
    """A mask head that is unsure of each pixel at the start: the loss begins at ln 2.

    Deviation 0.001 of the last layer's weights, as in detectron2's `MaskRCNNConvUpsampleHead`. With
    mmdet's, 0.16 for 80 classes, the loss begins higher.
    """

    def init_weights(self) -> None:
        super().init_weights()
        nn.init.normal_(self.get_parameter('conv_logits.weight'), std=0.001)
