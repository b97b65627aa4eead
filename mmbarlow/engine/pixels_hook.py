"""Looks at some images before the first step: what is left of them once they are scaled?"""

import logging
from collections.abc import Sequence

from mmengine.hooks import Hook
from torch.utils.data import Subset

from mmbarlow.datasets.checked_image import Checked
from mmbarlow.datasets.image_checks import check_sample, values_in
from mmbarlow.datasets.number_table import NumberTable
from mmbarlow.datasets.passed_over import say_passed_over
from mmbarlow.datasets.pixels import DARK_SHARE, dropped_and_blank, ranges, too_dark
from mmbarlow.datasets.value_facts import SATURATED, check_saturation
from mmbarlow.datasets.value_range import check_levels, choose_values
from mmbarlow.datasets.values import Values
from mmbarlow.errors import InputError, printable
from mmbarlow.launch import on_first
from mmbarlow.registry import HOOKS

ANYWAY = (
    ', or give --cfg-options default_hooks.pixels.max_dark_share=1 to train on them as they are.'
)


@HOOKS.register_module()
class PixelsHook(Hook):
    """Logs depth, range and bands of a sample of the training images, and stops where most of them
    are almost black, as 12 bits in a file of 16 are, where the range that is set for the views
    does not fit them, or where none of them can be read. Of pairs, the partners are looked at, too.

    Args:
        images: number of images in the sample, at equal distances in the data set; 0 for none.
        max_dark_share: largest share of them that may be dark, see `mmbarlow.datasets.pixels`.
            With 1, the range may leave them few levels.
        max_saturated: largest share of the pixels that a range of the views may cut off.

    Raises:
        InputError: more of them are, or none can be read; the range cuts off more of the pixels,
            or leaves them few levels (`mmbarlow.datasets.value_facts`).
    """

    def __init__(
        self,
        images: int = 64,
        max_dark_share: float = DARK_SHARE,
        max_saturated: float = SATURATED,
    ) -> None:
        self.images = images
        self.max_dark_share = max_dark_share
        self.max_saturated = max_saturated
        self.lines: list[str] = []

    def check_before_training(self, runner) -> None:
        loop = runner.train_loop
        if self.images and hasattr(loop, 'dataloader'):
            say_passed_over(loop.dataloader.dataset)
            self.lines = on_first(lambda: self._look_at_all(loop.dataloader.dataset))

    def before_train(self, runner) -> None:
        for i, line in enumerate(self.lines):
            runner.logger.log(logging.WARNING if i else logging.INFO, printable(line))

    def _look_at_all(self, dataset) -> list[str]:
        whole = dataset
        while isinstance(whole, Subset):
            whole = whole.dataset
        lines = self._look(dataset)
        if getattr(whole, 'of_two_kinds', False):
            try:
                lines += [f'the partners: {line}' for line in self._look(dataset, 1)]
            except InputError as error:
                raise InputError(f'the second images of the pairs: {error}') from None
        return lines

    def _look(self, dataset, side: int = 0) -> list[str]:
        values = values_in(dataset, side)
        table = NumberTable(values is None or values.low is None)
        checked = check_sample(dataset, self.images, table, side)
        good = [c for c in checked if not c.reason and (values or not c.needs)]
        if not good:
            self._refuse(checked)
            return []
        size = f'{len(good)} of {len(dataset):,} training images looked at'
        if values:
            self._check_range(table, values)
            return [f'{size}: {"; ".join(table.lines())}']
        pixels = [(c.path, c.pixels) for c in good if c.pixels]
        if problem := too_dark([p for _, p in pixels], self.max_dark_share):
            raise InputError(f'{problem}{ANYWAY}')
        return [f'{size}: {ranges(p for _, p in pixels)}', *dropped_and_blank(pixels)]

    def _refuse(self, checked: Sequence[Checked]) -> None:
        """Raises InputError on images of which none can be read, unless there are none."""
        if not checked:
            return
        path, reason, needs = checked[0].path, checked[0].reason, checked[0].needs
        cure = '`mmbarlow verify` lists them'
        if needs:
            cure = 'set channels and range of the views, `mmbarlow verify FOLDER` prints the lines'
        raise InputError(
            f'none of {len(checked)} sampled images can be read, the first is {path} '
            f'({reason or needs}): {cure}.'
        )

    def _check_range(self, table: NumberTable, values: Values) -> None:
        choose_values(table, values.range, values.channels)
        check_saturation(table, values, self.max_saturated)
        if self.max_dark_share < 1:
            try:
                check_levels(table, values)
            except InputError as error:
                raise InputError(f'{str(error).removesuffix(".")}{ANYWAY}') from None
