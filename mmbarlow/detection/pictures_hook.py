"""Pictures of the objects that a detector finds."""

from collections.abc import Sequence
from pathlib import Path

import mmcv
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from mmengine.hooks import Hook

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class DetectionPicturesHook(Hook):
    """Draws the annotated objects of the first test images beside the detected ones.

    `WORK_DIR/pictures/` has one file per image, from the last evaluation. With several processes,
    only the first process draws, from its share of the images.

    Args:
        count: number of images.
        score_threshold: score, between 0 and 1, below which detections are not drawn.
    """

    def __init__(self, count: int = 8, score_threshold: float = 0.5) -> None:
        self.count = count
        self.score_threshold = score_threshold
        self.visualizer = DetLocalVisualizer()

    def _before_epoch(self, runner, mode: str = 'train') -> None:
        if mode != 'train':
            self.drawn = 0
            loader = getattr(runner, f'{mode}_dataloader')
            self.visualizer.dataset_meta = loader.dataset.metainfo

    @master_only
    def after_val_iter(
        self, runner, batch_idx, data_batch=None, outputs: Sequence[DetDataSample] | None = None
    ) -> None:
        for sample in list(outputs or [])[: self.count - self.drawn]:
            file = Path(sample.metainfo['img_path'])
            self.visualizer.add_datasample(
                file.stem,
                mmcv.imread(file, channel_order='rgb'),
                sample,
                pred_score_thr=self.score_threshold,
                out_file=str(Path(runner.work_dir, 'pictures', f'{file.stem}.jpg')),
            )
            self.drawn += 1

    after_test_iter = after_val_iter
