"""Annotations as detectron2 trains on them."""

from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import LoadAnnotations

from mmbarlow.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadVOCAnnotations(LoadAnnotations):
    """Boxes that end where their last pixel ends, as in detectron2's `load_voc_instances`.

    VOC names the first and the last pixel of an object, from 1 on: 1 to W is the whole image, which
    in coordinates is 0 to W. mmdet's `LoadAnnotations`, with the same arguments, makes it 0 to
    W - 1.
    """

    def _load_bboxes(self, results: dict) -> None:
        super()._load_bboxes(results)
        results['gt_bboxes'].tensor[:, 2:] += 1


@TRANSFORMS.register_module()
class KeepDifficult(BaseTransform):
    """Keeps the objects that VOC marks as difficult for training, as detectron2 does.

    mmdet removes them from the ground truth, and its settings for Faster R-CNN then learn them as
    background: 20 % of the objects of VOC 2007. Use this after `LoadVOCAnnotations`, in training
    pipelines only; the evaluation ignores difficult objects.
    """

    def transform(self, results: dict) -> dict:
        results['gt_ignore_flags'][:] = False
        return results


@TRANSFORMS.register_module()
class LoadPolygonAnnotations(LoadAnnotations):
    """Keeps the masks of an image as polygons, from which detectron2 makes the targets of masks.

    mmdet turns them into pixels first, and would ignore objects whose mask is a run-length code. An
    image with such an object is loaded in pixels. The arguments are those of mmdet's
    `LoadAnnotations`.
    """

    def _load_masks(self, results: dict) -> None:
        objects = [item for item in results['instances'] if not item['ignore_flag']]
        self.poly2mask = any(isinstance(item['mask'], dict) for item in objects)
        super()._load_masks(results)
