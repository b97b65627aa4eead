"""Pictures of what a detector or a segmentor predicts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.structures import BaseDataElement
from mmengine.visualization import Visualizer

from mmbarlow.drawn_names import names_as_written


class PicturesHook(Hook):
    """Draws the first test images, with what is annotated beside what is predicted.

    `WORK_DIR/pictures/` has one file per image, from the last evaluation. With several processes,
    only the first process draws, from its share of the images.

    Args:
        count: number of images.
        visualizer: of the library whose samples are drawn.
        suffix: of the files; '.png' keeps the edges of masks.
        options: of the visualizer's `add_datasample`.
    """

    def __init__(self, count: int, visualizer: Visualizer, suffix: str, **options: Any) -> None:
        self.count = count
        self.visualizer = visualizer
        self.suffix = suffix
        self.options = options

    def _before_epoch(self, runner, mode: str = 'train') -> None:
        if mode != 'train':
            self.drawn = 0
            loader = getattr(runner, f'{mode}_dataloader')
            self.visualizer.dataset_meta = loader.dataset.metainfo

    @master_only
    @names_as_written()
    def after_val_iter(
        self, runner, batch_idx, data_batch=None, outputs: Sequence[BaseDataElement] | None = None
    ) -> None:
        for sample in list(outputs or [])[: self.count - self.drawn]:
            file = Path(sample.metainfo['img_path'])
            self.visualizer.add_datasample(
                file.stem,
                mmcv.imread(file, channel_order='rgb'),
                sample,
                out_file=str(Path(runner.work_dir, 'pictures', f'{file.stem}{self.suffix}')),
                **self.options,
            )
            self.drawn += 1

    after_test_iter = after_val_iter
