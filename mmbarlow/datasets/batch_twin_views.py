"""The distorted views of a batch of small images, made on the device that trains."""

from collections.abc import Sequence
from operator import itemgetter
from typing import cast

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmbarlow.datasets import batch_ops
from mmbarlow.datasets.batch_plan import Plan, in_a_row, plans
from mmbarlow.datasets.batch_steps import color_steps, normalized
from mmbarlow.datasets.sample_random import key_of, uniforms
from mmbarlow.datasets.square import side_of
from mmbarlow.datasets.view import NUMBERS, Drawn, Views
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

# Number of values processed at once: on a CPU a few images that stay in its cache, on other devices
# whole batches, since each step costs them the same few microseconds.
CPU_AT_ONCE, AT_ONCE = 2**19, 2**26
SIGMAS = 512  # available strengths of blur


class MadeViews(list):
    """Views, float (n, 3, size, size), 0 to 255, that are to be normalized alone."""


class BatchViews(BaseDataPreprocessor):
    """Makes views of whole images and normalizes them; its two children say which.

    In training, uint8 images (n, 3, H, W) become a float tensor (n, 3, size, size) for each view.
    Each image has its own parameters; with `mmbarlow.ViewSampler` they are those that
    `ImageViews` draws for the same sample and epoch. No step rounds to 8 bits. The data samples
    then stay on the CPU. Outside of training, and for `MadeViews`, this is
    `mmpretrain.SelfSupDataPreprocessor`.

    Args:
        sizes: height and width of each view, in pixels.
        views: changes to the defaults of `View` for each view.
        mean, std: mean and standard deviation of the pixels, RGB, 0 to 255.
        non_blocking: do not wait until images in pinned memory are on the device.

    Raises:
        InputError: an option or its value is unknown to `View`, or a training batch does not hold
            uint8 RGB images of one size.
    """

    mean: Tensor
    std: Tensor
    kernels: Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        views: Sequence[dict],
        mean: list[float],
        std: list[float],
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        self.sizes = [side_of(size) for size in sizes]
        self.views = Views(*views)
        sigma = np.array([view.blur_sigma for view in self.views.views])
        self.sigmas = np.linspace(sigma.min(), sigma.max(), SIGMAS)
        kernels = batch_ops.kernels(self.sigmas)
        pixels = (torch.tensor(p, dtype=torch.float32).view(-1, 1, 1) for p in (mean, std))
        tensors = dict(zip(('mean', 'std'), pixels, strict=True), kernels=kernels)
        tensors |= {
            f'place_{size}': batch_ops.placement(kernels.shape[1], size) for size in set(self.sizes)
        }
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor, persistent=False)  # in no checkpoint

    def forward(self, data: dict, training: bool = False) -> dict:
        """The `inputs` and `data_samples` for the model."""
        if not training or isinstance(data['inputs'], MadeViews):
            return normalized(cast(dict, self.cast_data(data)), self.mean, self.std)
        images, samples = training_batch(data['inputs']), data.get('data_samples')
        keys = [key_of(dict(sample_idx=getattr(s, 'sample_idx', None))) for s in samples or images]
        return dict(inputs=self.make(images, np.array(keys)), data_samples=samples)

    @torch.no_grad()
    def make(self, images: Tensor, keys: np.ndarray) -> list[Tensor]:
        """The views of each image, normalized, on the device of the model.

        Args:
            images: uint8 (n, 3, H, W).
            keys: keys of the samples, (n, 3).
        """
        height, width = images.shape[-2:]
        drawn = self.views.draw(uniforms(keys, len(self.sizes), NUMBERS), width, height)
        images = images.to(self.mean.device, non_blocking=bool(self._non_blocking))
        made: dict[int, Tensor] = {}
        with torch.autocast(images.device.type, enabled=False):
            for size in dict.fromkeys(self.sizes):  # all views of a size together
                places = [place for place, own in enumerate(self.sizes) if own == size]
                views = self._of_one_size(images, drawn.changed(itemgetter(places)), size)
                made |= zip(places, views.chunk(len(places)), strict=True)
        return [made[place] for place in range(len(self.sizes))]

    def _of_one_size(self, images: Tensor, drawn: Drawn, size: int) -> Tensor:
        """The views (V * n, 3, size, size) with the parameters `drawn`, (V, n), normalized."""
        drawn, device = in_a_row(drawn), images.device
        count, _, height, width = images.shape
        out = torch.empty(len(drawn.gray), 3, size, size, device=device)
        at_once = max(1, (CPU_AT_ONCE if device.type == 'cpu' else AT_ONCE) // out[0].numel())
        starts = np.arange(len(out)) // at_once * at_once
        filters = tuple(np.unique(drawn.interpolation).tolist())
        crop = crop_entries(drawn, filters, count, height, width)
        scale, offset = 1 / self.std, -self.mean / self.std
        for plan in plans(drawn, crop, starts, self.sigmas, images):
            source, *entries = plan.crop
            views = images.index_select(0, source).float()
            views = self._distort(views, plan, size, filters, entries)
            torch.addcmul(offset, views.index_select(0, plan.back), scale, out=out[plan.part])
        return out

    def _distort(
        self, images: Tensor, plan: Plan, size: int, filters: tuple[int, ...], entries: list[Tensor]
    ) -> Tensor:
        """The views (k, 3, size, size) of images (k, 3, H, W), in the order of `apply`."""
        if plan.angle is not None:
            images = batch_ops.rotate_each(images, plan.angle)
        tables = [
            batch_ops.resize_weights(n, size, filters, images.device) for n in images.shape[-2:]
        ]
        down, across = tables[0][tuple(entries[:2])], tables[1][tuple(entries[2:])]
        views = batch_ops.separable(images, down, across).clamp_(0, 255)
        return color_steps(views, plan, self.kernels, self.get_buffer(f'place_{size}'))


def crop_entries(
    drawn: Drawn, filters: tuple[int, ...], count: int, height: int, width: int
) -> np.ndarray:
    """Of each view the image and its entries in the two tables of `resize_weights`, (5, V * n)."""
    left, top, w, h = drawn.box.T
    table = 2 * np.searchsorted(filters, drawn.interpolation)
    down = h - 1 + height * table, height - 1 - top
    across = w - 1 + width * (table + drawn.flip), width - 1 - left
    return np.stack((np.arange(len(w)) % count, *down, *across))


@MODELS.register_module()
class BatchTwinViews(BatchViews):
    """Makes the views of `mmbarlow.TwinViews` from whole images and normalizes them.

    It is meant for images of 32 to 96 px, all of one size, which `mmbarlow.CenterView` ensures
    (docs/views.md). A table of all crops is kept, which grows with the cube of the side: 0.5 MB at
    32 px, 14 MB at 96.

    Args:
        size: height and width of the views, in pixels.
        view_a, view_b: changes to the defaults of `View` for the first and the second view.
        mean, std, non_blocking: see `BatchViews`.

    Raises:
        InputError: see `BatchViews`.
    """

    def __init__(
        self,
        size: int,
        view_a: dict,
        view_b: dict,
        mean: list[float],
        std: list[float],
        non_blocking: bool = False,
    ) -> None:
        super().__init__([size] * 2, [view_a, view_b], mean, std, non_blocking)


def training_batch(images: Tensor | list[Tensor]) -> Tensor:
    """The images as one tensor, uint8 (n, 3, H, W); raises InputError."""
    cure = 'the training pipeline must be mmbarlow.CenterView and mmpretrain.PackInputs alone.'
    if isinstance(images, list):
        shapes = {tuple(image.shape) for image in images}
        if len(shapes) > 1 or images[0].ndim != 3:
            raise InputError(
                f'BatchTwinViews takes images of one size, not {len(images)} tensors of the shapes '
                f'{", ".join(map(str, sorted(shapes)))}: {cure}'
            )
        images = torch.stack(images)
    if images.ndim == 4 and (images.is_floating_point() or images.shape[1] != 3):
        cure = f'{cure[:-1]}; for other channels or depths take mmbarlow.TwinViews.'
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise InputError(
            f'BatchTwinViews takes uint8 RGB images (n, 3, H, W), not {images.dtype} of the shape '
            f'{tuple(images.shape)}: {cure}'
        )
    return images
