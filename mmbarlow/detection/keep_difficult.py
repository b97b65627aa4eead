"""VOC's difficult objects in training."""

from mmcv.transforms import BaseTransform

from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepDifficult(BaseTransform):
    """Trains on the objects that VOC marks as difficult, as detectron2 does.

    mmdet takes them out of the ground truth, and with its settings for Faster R-CNN they are then
    learnt as background: 20 % of the objects of VOC 2007. After `mmdet.LoadAnnotations`, in
    training pipelines only: the evaluation ignores them.
    """

    def transform(self, results: dict) -> dict:
        results['gt_ignore_flags'][:] = False
        return results
