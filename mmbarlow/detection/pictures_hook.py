"""Pictures of the objects that a detector finds."""

from mmdet.visualization import DetLocalVisualizer

from mmbarlow.engine.pictures_hook import PicturesHook
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class DetectionPicturesHook(PicturesHook):
    """Draws the annotated objects of the first test images beside the detected ones, as
    `WORK_DIR/pictures/*.jpg`.

    Args:
        count: number of images.
        score_threshold: score, between 0 and 1, below which detections are not drawn.
    """

    def __init__(self, count: int = 8, score_threshold: float = 0.5) -> None:
        super().__init__(count, DetLocalVisualizer(), '.jpg', pred_score_thr=score_threshold)
