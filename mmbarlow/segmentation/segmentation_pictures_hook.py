"""Pictures of the masks that a segmentor predicts."""

from collections.abc import Sequence
from pathlib import Path

import mmcv
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class SegmentationPicturesHook(Hook):
    """Draws the first test images beside their annotated masks and the predicted ones.

    `WORK_DIR/pictures/` has one file per image, from the last evaluation. With several processes,
    only the first process draws, from its share of the images.

    Args:
        count: number of images.
        alpha: opacity of the masks, between 0 and 1.
    """

    def __init__(self, count: int = 8, alpha: float = 0.6) -> None:
        self.count = count
        self.visualizer = SegLocalVisualizer(alpha=alpha)

    def _before_epoch(self, runner, mode: str = 'train') -> None:
        if mode != 'train':
            self.drawn = 0
            loader = getattr(runner, f'{mode}_dataloader')
            self.visualizer.dataset_meta = loader.dataset.metainfo

    @master_only
    def after_val_iter(
        self, runner, batch_idx, data_batch=None, outputs: Sequence[SegDataSample] | None = None
    ) -> None:
        for sample in list(outputs or [])[: self.count - self.drawn]:
            file = Path(sample.metainfo['img_path'])
            self.visualizer.add_datasample(
                file.stem,
                mmcv.imread(file, channel_order='rgb'),
                sample,
                with_image=True,
                out_file=str(Path(runner.work_dir, 'pictures', f'{file.stem}.png')),
            )
            self.drawn += 1

    after_test_iter = after_val_iter
