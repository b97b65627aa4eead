"""Views of whole batches on the device of their images, without a look at any number.

`BatchTwinViews` sorts the views of a batch by the steps they take, which needs the CPU. Here all
views take all steps that their distribution has, those that a view was not drawn with as steps that
change nothing. So each batch is the same sequence of operations on tensors of the same shapes,
which a CUDA graph can repeat.
"""

import numpy as np
import torch
from torch import Tensor

from mmbarlow.datasets import batch_ops
from mmbarlow.datasets.batch_plan import CEILING, HUE, PLACES
from mmbarlow.datasets.device_draw import DeviceDrawn, DeviceDraws
from mmbarlow.datasets.view import INTERPOLATIONS, View, Views
from mmbarlow.datasets.view_ops import CUT

SIGMAS = 512  # available strengths of blur, as in `BatchTwinViews`
CPU_AT_ONCE, AT_ONCE = 2**19, 2**26  # numbers, as there


class DeviceViews:
    """The views of `mmbarlow.TwinViews` of images (n, 3, H, W) on a device, without normalization.

    They are those that `BatchTwinViews` makes, within 0.01 of 255.

    Args:
        views: their distributions, V of them.
        size: height and width of the views, in pixels.
        device: of images and views.
    """

    def __init__(self, views: Views, size: int, device: torch.device) -> None:
        self.options, self.size, self.device = views.views, size, device
        self.draws = DeviceDraws(views, device)
        sigma = np.array([view.blur_sigma for view in views.views])
        self.sigmas = torch.linspace(sigma.min(), sigma.max(), SIGMAS, dtype=torch.float64)
        kernels = batch_ops.kernels(self.sigmas.numpy())
        place = batch_ops.placement(kernels.shape[1], size)
        self.sigmas, self.kernels, self.place = (
            x.to(device) for x in (self.sigmas, kernels, place)
        )
        self.gray = torch.tensor(batch_ops.ONLY_GRAY, device=device)
        self.same = torch.tensor((1.0, 0.0, 0.0, 0.0), device=device)  # weights that change nothing
        self.ceiling = torch.tensor(CEILING, device=device)

    @torch.no_grad()
    def make(self, images: Tensor, keys: Tensor) -> list[Tensor]:
        """V views, float32 (n, 3, size, size), 0 to 255.

        Args:
            images: uint8 (n, 3, H, W).
            keys: of the samples, int64 (n, 3): seed, epoch and index.
        """
        height, width = images.shape[-2:]
        drawn = self.draws.draw(keys, width, height)
        numbers = CPU_AT_ONCE if self.device.type == 'cpu' else AT_ONCE
        at_once = max(1, numbers // (3 * self.size**2))
        made = []
        with torch.autocast(self.device.type, enabled=False):
            for number, view in enumerate(self.options):
                out = torch.empty(len(images), 3, self.size, self.size, device=self.device)
                for start in range(0, len(images), at_once):
                    part = slice(start, start + at_once)
                    chosen = drawn.part(number, part)
                    out[part] = self._view(images[part].float(), view, chosen)
                made.append(out)
        return made

    def _view(self, images: Tensor, view: View, drawn: DeviceDrawn) -> Tensor:
        if view.rotate:
            images = batch_ops.rotate_each(images, drawn.angle.float())
        views = self._cropped(images, view, drawn).clamp_(0, 255)
        if view.jitter:
            self._jitter(views, drawn)
        if view.gray:
            weights = torch.where(drawn.gray[:, None], self.gray, self.same)
            batch_ops.blend_(views, weights)
        if view.blur:
            kernels = self.kernels[torch.searchsorted(self.sigmas[:-1], drawn.sigma)]
            matrices = torch.tensordot(kernels, self.place, 1)
            blurred = batch_ops.separable(views, matrices, matrices)
            views = torch.where((drawn.sigma > 0)[:, None, None, None], blurred, views)
        if view.solarize:
            batch_ops.solarize_(views, self.ceiling[drawn.solarize.long()])
        return views

    def _cropped(self, images: Tensor, view: View, drawn: DeviceDrawn) -> Tensor:
        height, width = images.shape[-2:]
        filters = (INTERPOLATIONS.index(view.interpolation),)
        down, across = (
            batch_ops.resize_weights(side, self.size, filters, images.device)
            for side in (height, width)
        )
        left, top, w, h = drawn.box.unbind(-1)
        return batch_ops.separable(
            images,
            down[h - 1, height - 1 - top],
            across[w - 1 + width * drawn.flip, width - 1 - left],
        )

    def _jitter(self, views: Tensor, drawn: DeviceDrawn) -> None:
        """The four steps in the order of each view: the blends before its hue, the hue, and those
        after it. Of each kind a view has three at most."""
        factor = drawn.jitter.gather(-1, drawn.order)
        weights = device_blend_weights(drawn.order, factor)
        places = torch.arange(PLACES, device=views.device)
        place = ((drawn.order == HUE) * places).sum(-1, keepdim=True)
        before = torch.where((places < place)[..., None], weights, self.same)
        after = torch.where((places > place)[..., None], weights, self.same)
        shift = (drawn.jitter[:, HUE, None] * 255).long() / 256  # as rounded in 8 bits
        for step in range(PLACES - 1):
            batch_ops.blend_(views, before[:, step])
        batch_ops.hue_(views, (6 * shift).float())
        for step in range(1, PLACES):
            batch_ops.blend_(views, after[:, step])


def device_blend_weights(step: Tensor, factor: Tensor) -> Tensor:
    """`batch_ops.blend_weights` in torch: (..., 4), float32."""
    blends = step != HUE
    one, zero = torch.ones_like(factor), torch.zeros_like(factor)
    own = torch.where(blends, factor, one)
    gray, mean = (torch.where(step == blended, 1 - factor, zero) for blended in (2, 1))
    cut = torch.where(blends & (factor != 1), CUT, zero)
    return torch.stack((own, gray, mean, cut), -1).float()
