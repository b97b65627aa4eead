"""How training replaces an image that cannot be read: by another one."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from mmbarlow.errors import BrokenImage, InputError

T = TypeVar('T')
LIMIT = 100  # broken images in a row that end the run


class Skipper(Generic[T]):
    """Reads the images of samples, and remembers those that cannot be read.

    For a broken image `read` returns None. If the transform then returns None too, MMEngine's data
    set draws another index from NumPy's global generator, which is seeded here from the place of
    the sample. The replacement is thus the same for any number of workers and processes.

    The next good sample gets `skipped`, a tuple of (path, reason) pairs, which
    `mmpretrain.PackInputs` with `meta_keys=('skipped',)` passes on to `mmbarlow.BrokenImagesHook`.

    Args:
        reader: returns the image of a sample, or raises BrokenImage.
    """

    def __init__(self, reader: Callable[[dict], T]) -> None:
        self.reader = reader
        self.failed: list[tuple[str, str]] = []  # since the last good one

    def read(self, results: dict) -> T | None:
        """The image of a sample. A replacement gets the `sample_idx` of the place that it fills,
        which determines the random numbers of its views.

        Raises:
            InputError: this is the hundredth broken image in a row.
        """
        if self.failed:
            np.random.set_state(self.state)  # the state before the draw
            results['sample_idx'] = self.place
        try:
            image = self.reader(results)
        except BrokenImage as error:
            self.failed.append((error.path, error.reason))
            if len(self.failed) == LIMIT:
                path, reason = self.failed[0]
                raise InputError(
                    f'{LIMIT} images in a row cannot be read, the first is {path} ({reason}): '
                    '`mmbarlow verify` lists the others.'
                ) from error
            self.place, self.state = results.get('sample_idx', 0), np.random.get_state()
            # The indices of `mmbarlow.ViewSampler` carry the run's seed and the epoch.
            key = getattr(self.place, 'key', (0, 0, self.place))
            np.random.seed([n % 2**32 for n in (*key, len(self.failed))])
            return None
        if self.failed:
            results['skipped'] = tuple(self.failed)
            self.failed.clear()
        return image
