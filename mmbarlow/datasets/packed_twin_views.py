"""The two distorted views of a batch of images of any sizes, made on the device that trains."""

from functools import cache
from typing import NamedTuple, cast

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmbarlow.datasets import batch_ops
from mmbarlow.datasets.batch_plan import plans
from mmbarlow.datasets.batch_steps import color_steps, normalized
from mmbarlow.datasets.crop_matrices import crop_matrices, gather_crops
from mmbarlow.datasets.twin_crops import SIZE, drawn_of_numbers
from mmbarlow.datasets.view import Drawn
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

# Number of values of crops, or of views, that are worked on at once: on a CPU those of a few
# images, elsewhere so many that the time of a launch does not count. One such array has 2 MB on a
# CPU and 134 MB on a GPU, and a step holds a few of them. A single larger crop goes alone.
CPU_AT_ONCE, AT_ONCE = 2**19, 2**25
SIGMAS = 512  # available strengths of blur


class Crops(NamedTuple):
    """Where the crops of V * n views lie in the packed pixels; each (V * n,), int64."""

    start: np.ndarray  # of the first pixel
    row: np.ndarray  # from one row of the image to the next
    plane: np.ndarray  # from one channel to the next
    height: np.ndarray
    width: np.ndarray
    flip: np.ndarray
    interpolation: np.ndarray  # index into INTERPOLATIONS


@MODELS.register_module()
class PackedTwinViews(BaseDataPreprocessor):
    """Makes the views that `mmbarlow.TwinCrops` has drawn, and normalizes them.

    In training, a batch of `mmbarlow.pack_crops` becomes two float tensors (n, 3, size, size), with
    the size and all parameters that are in the batch. They are the views of `mmbarlow.TwinViews`,
    except that no step rounds to 8 bits. The crops are resized by two batched matrix products with
    the weights of Pillow's antialiased filters, those of about the same size together, in float32
    whatever the training computes in. TF32, where it is allowed, leaves 8-bit pixels as they are.
    Outside of training, this is `mmpretrain.SelfSupDataPreprocessor`.

    Args:
        mean, std: mean and standard deviation of the pixels, RGB, 0 to 255.
        non_blocking: do not wait until pixels in pinned memory are on the device.

    Raises:
        InputError: a training batch is no batch of `mmbarlow.pack_crops`.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: list[float], std: list[float], non_blocking: bool = False) -> None:
        super().__init__(non_blocking)
        for name, pixels in dict(mean=mean, std=std).items():
            tensor = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer(name, tensor, persistent=False)
        self.sigmas, self.kernels = np.zeros(0), torch.zeros(0)

    def forward(self, data: dict, training: bool = False) -> dict:
        """The `inputs` and `data_samples` for the model."""
        if not training:
            return normalized(cast(dict, self.cast_data(data)), self.mean, self.std)
        if 'numbers' not in data:
            raise InputError(
                'PackedTwinViews makes views of packed crops: set '
                'train_dataloader.collate_fn.type=mmbarlow.pack_crops and the first transform of '
                'train_dataloader.dataset.pipeline to mmbarlow.TwinCrops.'
            )
        numbers = data['numbers'].numpy()
        size = int(numbers[..., SIZE].max())
        views = self.make(data['inputs'], numbers, data['parts'].numpy(), size)
        return dict(inputs=views, data_samples=data.get('data_samples'))

    @torch.no_grad()
    def make(self, pixels: Tensor, numbers: np.ndarray, parts: np.ndarray, size: int) -> list:
        """The two views of each image, (n, 3, size, size) each, on the device of the model.

        Args:
            pixels, numbers, parts: of a batch of `pack_crops`.
            size: height and width of the views, in pixels.
        """
        pixels = pixels.to(self.mean.device, non_blocking=bool(self._non_blocking))
        device, count = pixels.device, len(numbers)
        drawn = drawn_of_numbers(numbers.swapaxes(0, 1).reshape(2 * count, -1))
        crops = where(drawn, parts.swapaxes(0, 1).reshape(2 * count, 3))
        order = np.lexsort((crops.width, crops.height // 32))  # rows of about the same length
        crops = Crops(*(numbers[order] for numbers in crops))
        starts = starts_of(crops, size, CPU_AT_ONCE if device.type == 'cpu' else AT_ONCE)
        self._prepare_blur(float(drawn.sigma.max()), device)
        place = blur_placement(self.kernels.shape[1], size, device)
        out = torch.empty(2 * count, 3, size, size, device=device)
        scale, offset = 1 / self.std, -self.mean / self.std
        with torch.autocast(device.type, enabled=False):
            drawn = drawn.changed(lambda parameter: parameter[order])
            entries = np.stack((order, *crops))
            for plan in plans(drawn, entries, starts, self.sigmas, pixels):
                height, width = (int(n[plan.part].max()) for n in (crops.height, crops.width))
                images = gather_crops(pixels, plan.crop[1:6], height, width).float()
                down, across = crop_matrices(plan.crop[4:], size, height, width)
                views = batch_ops.separable(images, down, across).clamp_(0, 255)
                views = color_steps(views, plan, self.kernels, place)
                out.index_copy_(0, plan.crop[0], torch.addcmul(offset, views, scale))
        return list(out.chunk(2))

    def _prepare_blur(self, sigma: float, device: torch.device) -> None:
        """Have kernels for all strengths up to `sigma`; most often they are there."""
        if not len(self.sigmas) or sigma > self.sigmas[-1]:
            self.sigmas = np.linspace(0, max(sigma, 2.0), SIGMAS)
            self.kernels = batch_ops.kernels(np.maximum(self.sigmas, 1e-3))
        self.kernels = self.kernels.to(device)


def where(drawn: Drawn, parts: np.ndarray) -> Crops:
    """The crops of views with these parts (count, 3): start, height and width in the pixels."""
    left, top, width, height = drawn.box.T
    start, high, wide = parts.T
    begin = start + top * wide + left
    flip = drawn.flip.astype(int)
    return Crops(begin, wide, high * wide, height, width, flip, drawn.interpolation)


def starts_of(crops: Crops, size: int, values: int) -> np.ndarray:
    """For each view the first of those that are worked on with it: as many in a row as have, all
    padded to the largest of them, at most so many values."""
    starts, start, high, wide = [], 0, 0, 0
    sides = zip(crops.height.tolist(), crops.width.tolist(), strict=True)
    for i, (height, width) in enumerate(sides):
        high, wide = max(high, height), max(wide, width)
        if (i + 1 - start) * 3 * max(size * size, high * wide) > values:
            start, high, wide = i, height, width
        starts.append(start)
    return np.array(starts)


@cache
def blur_placement(taps: int, size: int, device: torch.device) -> Tensor:
    return batch_ops.placement(taps, size).to(device)
