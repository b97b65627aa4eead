"""What the machine can do with a network: tried for seconds, before a training is planned."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DATASETS, MODELS, OPTIM_WRAPPERS, OPTIMIZERS, DefaultScope

SECONDS = 3.0  # that a measurement takes, about
FEW, MORE = 8, 32  # images of the steps that are measured on a CPU
LOADED = 64  # images that are loaded to measure it, at most


def largest_that_fits(batch: int, step: Callable[[int], None]) -> int:
    """The largest half, quarter, ... of a batch for which a step has memory on the GPU.

    Args:
        step: trains once on so many images.
    """
    while batch > 2:
        try:
            step(batch)
            return batch
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            batch = -(-batch // 2)
    return batch


class Trial:
    """The network and the optimizer of a training config, on its device, to be thrown away.

    Args:
        cores: of the CPU, for this process and those that load.
    """

    def __init__(self, cfg: Config, cores: int) -> None:
        self.cfg, self.cores = cfg, cores
        with DefaultScope.overwrite_default_scope('mmengine'):
            self.model: Any = MODELS.build(cfg.model).to(get_device()).train()
            params = list(self.model.parameters())
            optimizer = OPTIMIZERS.build(dict(cfg.optim_wrapper.optimizer, params=params))
            wrapper = dict(type=cfg.optim_wrapper.type, optimizer=optimizer)
            self.wrapper: Any = OPTIM_WRAPPERS.build(wrapper)

    def step(self, batch: dict) -> None:
        """A step of training, which is completely done when it returns."""
        losses = self.model.train_step(batch, self.wrapper)
        sum(value.item() for value in losses.values())

    def step_of_noise(self, images: int) -> None:
        """A step on so many images."""
        views = self.cfg.train_dataloader.dataset.pipeline[0]
        shape = images, views.get('channels', 3), views['size'], views['size']
        views = [torch.randint(256, shape, dtype=torch.uint8) for _ in 'ab']
        self.step(dict(inputs=views, data_samples=None))

    def pair_seconds(self) -> float:
        """Seconds of training for each image, in both views, loading included.

        The slower one of training and loading counts; on a CPU both share the cores, too.
        """
        train, load = self._step_seconds(), self._load_seconds()
        slower = max(train, load / max(1, self.cfg.train_dataloader.num_workers))
        if get_device() != 'cpu':
            return slower
        return max(slower, (train * torch.get_num_threads() + load) / self.cores)

    def _step_seconds(self) -> float:
        """Seconds of a step for each of its images.

        On a CPU, steps on few images tell: what an image takes, and what the optimizer takes, which
        is the same for any batch.
        """
        images = self.cfg.train_dataloader.batch_size
        if get_device() != 'cpu' or images <= MORE:
            return self._timed(images) / images
        few, more = self._timed(FEW), self._timed(MORE)
        each = max(0.0, more - few) / (MORE - FEW)
        return each + (more - each * MORE) / images

    def _timed(self, images: int) -> float:
        """Seconds of a step on so many images."""
        self.step_of_noise(images)  # allocates, and on a CPU compiles its kernels
        steps, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < SECONDS / 4 or not steps:
            self.step_of_noise(images)
            steps += 1
        return took / steps

    def _load_seconds(self) -> float:
        """Seconds that a process takes to read an image and to make both views."""
        with DefaultScope.overwrite_default_scope('mmengine'):
            images = DATASETS.build(dict(self.cfg.train_dataloader.dataset, quiet=True))
        start, number = 0.0, 0
        for i in np.linspace(0, len(images) - 1, LOADED + 1).astype(int).tolist():
            images[i]
            if not start:  # the first one also builds what they share
                start = time.perf_counter()
                continue
            number += 1
            if time.perf_counter() - start > SECONDS / 3:
                break
        return (time.perf_counter() - start) / number
