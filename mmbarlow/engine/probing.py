"""What the machine can do with a network: tried for seconds, before a training is planned."""

import time
from collections.abc import Callable
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import MODELS, OPTIM_WRAPPERS, OPTIMIZERS, DefaultScope
from mmengine.runner import Runner

SECONDS = 3.0  # that a measurement may take, from its second step on
SMALL = 64  # images of a step that is measured on a CPU, where time grows with their number


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
    """The network and the optimizer of a training config, on its device, to be thrown away."""

    def __init__(self, cfg: Config) -> None:
        self.cfg = cfg
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

    def is_quick(self, images: int) -> bool:
        """Whether several steps on so many images can be measured on a CPU.

        Of a small batch an image takes longer, since the optimizer takes as long for any batch.
        """
        if images <= SMALL:
            return True
        self.step_of_noise(SMALL)
        start = time.perf_counter()
        self.step_of_noise(SMALL)
        return (time.perf_counter() - start) * images / SMALL < SECONDS / 4

    def pair_seconds(self) -> float:
        """Seconds of training for each image, in both views, loading included."""
        loader_cfg = dict(self.cfg.train_dataloader.to_dict(), persistent_workers=False)
        if get_device() == 'cpu' and not self.is_quick(loader_cfg['batch_size']):
            loader_cfg['batch_size'] = SMALL
        loader_cfg['dataset']['quiet'] = True
        loader = Runner.build_dataloader(loader_cfg, seed=0)
        times: list[float] = []
        for batch in loader:
            self.step(batch)
            times.append(time.perf_counter())
            if len(times) > 2 and times[-1] - times[0] > SECONDS:
                break
        # What was loaded while the first step ran comes without waiting: the second half counts.
        middle = (len(times) - 1) // 2
        if len(times) < 2:
            start = time.perf_counter()
            self.step_of_noise(loader_cfg['batch_size'])
            return (time.perf_counter() - start) / loader_cfg['batch_size']
        steps = len(times) - 1 - middle
        return (times[-1] - times[middle]) / (steps * loader_cfg['batch_size'])
