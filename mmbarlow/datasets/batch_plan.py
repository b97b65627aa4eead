"""What `BatchTwinViews` does to a slice of views, worked out on the CPU and sent to the device."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbarlow.datasets.batch_ops import GRAY, blend_weights
from mmbarlow.datasets.view import NEUTRAL, Drawn

STEPS = 4  # of the jitter
HUE = 3  # the one that is no blend
UNTOUCHED = 255.0
OUT_OF_REACH = 1e4  # of solarize


class Plan(NamedTuple):
    """Parameters of k views, sorted by the place of the hue step among the four of the jitter.

    So each place finds its views side by side, and nothing is gathered or scattered.
    """

    source: Tensor  # (k,): which image
    back: Tensor  # (k,): where the views stand that come out first, second, ...
    down: tuple[Tensor, Tensor]  # (k,) each: entry of the table of `resizing`
    across: tuple[Tensor, Tensor]
    hue: list[int]  # 5: views from hue[i] to hue[i + 1] shift the hue at place i; the rest not
    blends: Tensor  # (5, k, 4): weights at the four places and of the grey
    shift: Tensor  # (k,): of the hue
    angle: Tensor | None  # (k,), or none is rotated
    gray: bool  # whether any is
    blurred: Tensor | None  # (b,): views that are blurred, of the k
    kernel: Tensor | None  # (b,): entry of the table of kernels
    ceiling: Tensor | None  # (k,): for `solarize_`, or none is solarized


def plans(
    drawn: Drawn, images: Tensor, sigmas: NDArray, at_once: int
) -> Iterator[tuple[slice, Plan]]:
    """Slices of the V * n views, the first views of all images first, and their plans.

    Args:
        drawn: parameters (V, n).
        images: (n, 3, H, W), on the device.
        sigmas: of the kernels that there are, evenly spaced.
        at_once: most views of a slice.
    """
    n = len(images)
    flat = Drawn(*(parameter.reshape(-1, *parameter.shape[2:]) for parameter in drawn))
    jittered = (flat.jitter != NEUTRAL).any(-1)
    place = np.where(jittered, (flat.order == HUE).argmax(-1), STEPS)
    for start in range(0, len(place), at_once):
        part = slice(start, min(start + at_once, len(place)))
        order = start + np.argsort(place[part], kind='stable')
        hue = np.searchsorted(place[order], range(STEPS + 1)).tolist()
        yield part, _plan(flat, order, order % n, hue, images, sigmas)


def _plan(drawn: Drawn, order, source, hue: list[int], images: Tensor, sigmas: NDArray) -> Plan:
    height, width = images.shape[-2:]
    drawn = Drawn(*(parameter[order] for parameter in drawn))
    left, top, w, h = drawn.box.T
    back = np.argsort(order)
    crop = h - 1, height - 1 - top, w - 1 + width * drawn.flip, width - 1 - left
    source, back, *crop = send(np.stack((source, back, *crop)), images)

    factor = np.take_along_axis(drawn.jitter, drawn.order, -1)
    blends = np.empty((STEPS + 1, len(order), 4), np.float32)
    blends[:STEPS] = blend_weights(drawn.order, factor).swapaxes(0, 1)
    blends[STEPS] = np.where(drawn.gray[:, None], GRAY, (1.0, 0.0, 0.0, 0.0))
    # In 8 bits, as TwinViews has it
    shift = (drawn.jitter[:, HUE] * 255).astype(int) / 256
    blurred = np.flatnonzero(drawn.sigma)
    index = np.searchsorted(sigmas[:-1], drawn.sigma[blurred])
    ceiling = np.where(drawn.solarize, UNTOUCHED, OUT_OF_REACH)
    return Plan(
        source=source,
        back=back,
        down=(crop[0], crop[1]),
        across=(crop[2], crop[3]),
        hue=hue,
        blends=send(blends, images),
        shift=send(shift.astype(np.float32), images),
        angle=send(drawn.angle.astype(np.float32), images) if drawn.angle.any() else None,
        gray=bool(drawn.gray.any()),
        blurred=send(blurred, images) if len(blurred) else None,
        kernel=send(index, images) if len(blurred) else None,
        ceiling=send(ceiling.astype(np.float32), images) if drawn.solarize.any() else None,
    )


def send(array: NDArray, like: Tensor) -> Tensor:
    """To the device of `like`, without waiting for it."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else tensor
