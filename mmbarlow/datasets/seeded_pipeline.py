"""Random numbers of other packages' transforms that belong to a sample, too."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from torch.utils.data import get_worker_info

from mmbarlow.datasets.sample_random import SampleIndex, seed_generators

UNRANDOM = {'PackInputs', 'LoadImageFromFile'}  # transforms of others that draw nothing


class SeededPipeline(Compose):
    """A pipeline that starts with the generators in states that the sample's key determines.

    Transforms of mmpretrain, mmdet and torchvision draw from the generators of their process. What
    they draw is then the same for any number of workers and wherever a run is resumed. The
    generators of the process that trains are afterwards as they were before.
    """

    saved: tuple | None = None

    def __call__(self, data: dict) -> dict | None:
        index = data.get('sample_idx')
        if isinstance(index, SampleIndex):
            if get_worker_info() is None and self.saved is None:
                self.saved = random.getstate(), np.random.get_state(), torch.get_rng_state()
            seed_generators(index.key)
        made = None
        try:
            made = super().__call__(data)
            return made
        except BaseException:
            made = data
            raise
        finally:
            # Of a broken image, the data set draws a replacement first: see `broken_images`.
            if made is not None and self.saved is not None:
                of_python, of_numpy, of_torch = self.saved
                random.setstate(of_python)
                np.random.set_state(of_numpy)
                torch.set_rng_state(of_torch)
                self.saved = None


def seed_pipelines(dataset: Any) -> None:
    """Make the pipelines of a data set, or of those it consists of, `SeededPipeline`s.

    Those that hold only transforms of this package, which draw from the key itself, stay.
    """
    for part in [*getattr(dataset, 'datasets', ()), getattr(dataset, 'dataset', None)]:
        if part is not None:
            seed_pipelines(part)
    pipeline = getattr(dataset, 'pipeline', None)
    if type(pipeline) is Compose and not all(map(_draws_nothing, pipeline.transforms)):
        dataset.pipeline = SeededPipeline(pipeline.transforms)


def _draws_nothing(transform: object) -> bool:
    kind = type(transform)
    return kind.__module__.split('.')[0] == 'mmbarlow' or kind.__name__ in UNRANDOM
