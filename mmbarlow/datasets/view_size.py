"""The size of the views, which may grow with the epochs."""

import itertools
from collections.abc import Sequence
from typing import Any

from torch.utils.data import Subset

from mmbarlow.datasets.sample_random import SampleIndex
from mmbarlow.datasets.square import side_of
from mmbarlow.errors import InputError


class ViewSize:
    """Height and width of the views of each epoch, in pixels.

    The epoch is that of the sample's key, so that the size changes with the first image of an
    epoch, in any number of workers, whether they live on or not, and where a run is resumed.

    Args:
        size: a number, or pairs of the epoch, counted from 0, from which on a size is taken, and
            the size: `[(0, 160), (40, 192), (70, 224)]`.

    Raises:
        InputError: it is neither.
    """

    def __init__(self, size: Any) -> None:
        grows = isinstance(size, list | tuple) and size and isinstance(size[0], list | tuple)
        pairs: Sequence = size if grows else [(0, size)]
        if not all(len(pair) == 2 and isinstance(pair[0], int) for pair in pairs) or pairs[0][0]:
            raise InputError(f'size={size} of a view: give pairs (epoch, size), from epoch 0 on.')
        if any(later[0] <= earlier[0] for earlier, later in itertools.pairwise(pairs)):
            raise InputError(f'size={size} of a view: the epochs of the pairs must rise.')
        self.steps = [(epoch, side_of(side)) for epoch, side in pairs]
        self.largest = max(side for _, side in self.steps)
        self.grows = len(self.steps) > 1

    def __str__(self) -> str:
        return ' to '.join(str(side) for _, side in self.steps)

    def of(self, results: dict) -> int:
        """The size of the views of a sample.

        Raises:
            InputError: the size depends on the epoch, and the sample has none.
        """
        if not self.grows:
            return self.largest
        index = results.get('sample_idx')
        if not isinstance(index, SampleIndex):
            raise InputError(
                'a size of views that changes with the epoch needs the epoch of each sample: set '
                'train_dataloader.sampler.type=mmbarlow.ViewSampler.'
            )
        return [side for epoch, side in self.steps if epoch <= index.key.epoch][-1]


def has_growing_views(dataset: Any) -> bool:
    """Whether a transform of a data set, of MMEngine's kind or a `Subset`, has such a size."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    sizes = [size for step in steps for size in getattr(step, 'sizes', ())]
    return any(isinstance(size, ViewSize) and size.grows for size in sizes)
