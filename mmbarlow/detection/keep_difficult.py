"""VOC's difficult objects, kept for training."""

from mmcv.transforms import BaseTransform

from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepDifficult(BaseTransform):
    """Keeps the objects that VOC marks as difficult for training, as detectron2 does.

    mmdet removes them from the ground truth, and its settings for Faster R-CNN then learn them as
    background: 20 % of the objects of VOC 2007. Use this after `mmdet.LoadAnnotations`, in training
    pipelines only; the evaluation ignores difficult objects.
    """

    def transform(self, results: dict) -> dict:
        results['gt_ignore_flags'][:] = False
        return results
