"""What `BatchTwinViews` does to each view, worked out on the CPU and sent to the device."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbarlow.datasets.batch_ops import GRAY, blend_weights
from mmbarlow.datasets.view import NEUTRAL, Drawn

PLACES = 4  # of the steps of the jitter
HUE = 3  # the step that is no blend
CEILING = 1e4, 255.0  # for `solarize_`: without and with it


class Plan(NamedTuple):
    """Parameters of k views, sorted by the place of the hue step among those of the jitter.

    So the views whose hue is shifted at a place lie side by side, and none has to be gathered.
    """

    source: Tensor  # (k,): which image
    back: Tensor  # (k,): where the views stand that come out first, second, ...
    down: tuple[Tensor, Tensor]  # (k,) each: entry of the table of `resizing`
    across: tuple[Tensor, Tensor]
    hue: list[int]  # views from hue[i] to hue[i + 1] have it at place i; jittered are hue[4]
    blends: Tensor  # (5, k, 4): weights at the four places, and of the grey
    shift: Tensor  # (k, 1): of the hue, in sixths of the colour circle
    angle: Tensor | None  # (k,), or None: no view is rotated
    gray: bool  # whether any is
    blurred: Tensor  # (b,): which of the views are
    kernel: Tensor  # (b,): entry of the table of kernels
    ceiling: Tensor | None  # (k,): for `solarize_`, or None: no view is solarized


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
    drawn = Drawn(*(parameter.reshape(-1, *parameter.shape[2:]) for parameter in drawn))
    jittered = (drawn.jitter != NEUTRAL).any(-1)
    place = np.where(jittered, (drawn.order == HUE).argmax(-1), PLACES)
    count = len(place)
    first = np.arange(count) // at_once * at_once  # of the slice
    order = np.lexsort((place, first))  # within each slice
    drawn, place = Drawn(*(parameter[order] for parameter in drawn)), place[order]
    blurred = np.flatnonzero(drawn.sigma)

    source, back, *crop = send(np.stack(_indices(drawn, order, first, images)), images)
    blends, shift, angle, ceiling = (send(x.astype(np.float32), images) for x in _numbers(drawn))
    which = np.stack((blurred - first[blurred], np.searchsorted(sigmas[:-1], drawn.sigma[blurred])))
    which = send(which, images)
    for start in range(0, count, at_once):
        part = slice(start, min(start + at_once, count))
        soft = slice(*np.searchsorted(blurred, (part.start, part.stop)))
        yield (
            part,
            Plan(
                source=source[part],
                back=back[part],
                down=(crop[0][part], crop[1][part]),
                across=(crop[2][part], crop[3][part]),
                hue=np.searchsorted(place[part], range(PLACES + 1)).tolist(),
                blends=blends[:, part],
                shift=shift[part],
                angle=angle[part] if drawn.angle.any() else None,
                gray=bool(drawn.gray[part].any()),
                blurred=which[0, soft],
                kernel=which[1, soft],
                ceiling=ceiling[part] if drawn.solarize[part].any() else None,
            ),
        )


def _indices(drawn: Drawn, order: NDArray, first: NDArray, images: Tensor) -> tuple[NDArray, ...]:
    """`source`, `back`, `down` and `across` of all views."""
    height, width = images.shape[-2:]
    left, top, w, h = drawn.box.T
    down = h - 1, height - 1 - top
    across = w - 1 + width * drawn.flip, width - 1 - left
    return order % len(images), np.argsort(order) - first, *down, *across


def _numbers(drawn: Drawn) -> tuple[NDArray, ...]:
    """`blends`, `shift`, `angle` and `ceiling` of all views."""
    factor = np.take_along_axis(drawn.jitter, drawn.order, -1)
    blends = np.empty((PLACES + 1, len(factor), 4))
    blends[:PLACES] = blend_weights(drawn.order, factor).swapaxes(0, 1)
    blends[PLACES] = np.where(drawn.gray[:, None], GRAY, (1, 0, 0, 0))
    shift = (drawn.jitter[:, HUE, None] * 255).astype(int) / 256  # what 8 bits make of it
    return blends, 6 * shift, drawn.angle, np.take(CEILING, drawn.solarize.astype(int))


def send(array: NDArray, like: Tensor) -> Tensor:
    """To the device of `like`, without waiting for it."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else tensor
