"""Pictures of the masks that a segmentor predicts."""

from mmseg.visualization import SegLocalVisualizer

from mmbarlow.engine.pictures_hook import PicturesHook
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class SegmentationPicturesHook(PicturesHook):
    """Draws the annotated masks of the first test images beside the predicted ones, as
    `WORK_DIR/pictures/*.png`.

    Args:
        count: number of images.
        alpha: opacity of the masks, between 0 and 1.
    """

    def __init__(self, count: int = 8, alpha: float = 0.6) -> None:
        super().__init__(count, SegLocalVisualizer(alpha=alpha), '.png', with_image=True)
