"""Looks at some images before the first step: what is left of them in 8 bits?"""

import logging

from mmengine.hooks import Hook

from mmbarlow.datasets.image_checks import check_sample
from mmbarlow.datasets.passed_over import say_passed_over
from mmbarlow.datasets.pixels import DARK_SHARE, dropped_and_blank, ranges, too_dark
from mmbarlow.errors import InputError, printable
from mmbarlow.launch import on_first
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class PixelsHook(Hook):
    """Logs depth, range and bands of a sample of the training images, and stops where most of them
    are almost black, as 12 bits in a file of 16 are, or where none of them can be read.

    Args:
        images: number of images in the sample, at equal distances in the data set; 0 for none.
        max_dark_share: largest share of them that may be dark, see `mmbarlow.datasets.pixels`.

    Raises:
        InputError: more of them are, or none can be read.
    """

    def __init__(self, images: int = 64, max_dark_share: float = DARK_SHARE) -> None:
        self.images = images
        self.max_dark_share = max_dark_share
        self.lines: list[str] = []

    def check_before_training(self, runner) -> None:
        loop = runner.train_loop
        if self.images and hasattr(loop, 'dataloader'):
            say_passed_over(loop.dataloader.dataset)
            self.lines = on_first(lambda: self._look(loop.dataloader.dataset))

    def before_train(self, runner) -> None:
        for i, line in enumerate(self.lines):
            runner.logger.log(logging.WARNING if i else logging.INFO, printable(line))

    def _look(self, dataset) -> list[str]:
        checked = check_sample(dataset, self.images)
        good = [(c.path, c.pixels) for c in checked if c.pixels]
        if not good:
            if checked:
                raise InputError(
                    f'none of {len(checked)} sampled images can be read, the first is '
                    f'{checked[0].path} ({checked[0].reason}): tools/verify_images.py lists them.'
                )
            return []
        pixels = [p for _, p in good]
        if problem := too_dark(pixels, self.max_dark_share):
            raise InputError(
                f'{problem}, or give --cfg-options default_hooks.pixels.max_dark_share=1 to train '
                'on them as they are.'
            )
        size = f'{len(good)} of {len(dataset):,} training images looked at'
        return [f'{size}: {ranges(pixels)}', *dropped_and_blank(good)]
