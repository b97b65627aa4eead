"""The parameters of all views of a batch, worked out on the CPU and sent to the device."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbarlow.datasets.batch_ops import ONLY_GRAY, blend_weights
from mmbarlow.datasets.view import NEUTRAL, Drawn

PLACES = 4  # in the order of the jitter's steps
HUE = 3  # the step that is no blend
CEILING = 1e4, 255.0  # for `solarize_`: off and on


class Plan(NamedTuple):
    """Parameters of k views, sorted by the place of the hue among the steps of the jitter.

    Views whose hue is shifted at the same place are thus neighbors, and none has to be gathered.
    """

    part: slice  # of the views of the whole batch
    source: Tensor  # (k,): index of the image
    back: Tensor  # (k,): positions of the views in the order in which they are returned
    filters: tuple[int, ...]  # for `resize_weights`
    down: tuple[Tensor, Tensor]  # (k,) each: entry in the table of `resize_weights`
    across: tuple[Tensor, Tensor]
    hue: list[int]  # views hue[i] to hue[i + 1] shift the hue at place i; the first hue[4] jitter
    blends: Tensor  # (5, k, 4): weights at the four places, then those of the step to gray
    shift: Tensor  # (k, 1): shift of the hue, in sixths of the color circle
    angle: Tensor | None  # (k,), or None: no view is rotated
    gray: bool  # whether any view turns gray
    blurred: Tensor  # (b,): indices of the blurred views
    kernel: Tensor  # (b,): entry in the table of kernels
    ceiling: Tensor | None  # (k,): for `solarize_`, or None: no view is solarized


def plans(drawn: Drawn, images: Tensor, sigmas: NDArray, at_once: int) -> Iterator[Plan]:
    """The plans of all V * n views, in the order of `drawn`.

    Args:
        drawn: parameters (V, n).
        images: (n, 3, H, W), on the device.
        sigmas: of the available kernels, evenly spaced.
        at_once: the largest number of views in a plan.
    """
    drawn = drawn.changed(lambda parameter: parameter.reshape(-1, *parameter.shape[2:]))
    jittered = (drawn.jitter != NEUTRAL).any(-1)
    place = np.where(jittered, (drawn.order == HUE).argmax(-1), PLACES)
    count = len(place)
    first = np.arange(count) // at_once * at_once  # view of the slice
    order = np.lexsort((place, first))  # within each slice
    drawn, place = drawn.changed(lambda parameter: parameter[order]), place[order]
    blurred = np.flatnonzero(drawn.sigma)

    filters = tuple(np.unique(drawn.interpolation).tolist())
    indices = _indices(drawn, filters, order, first, images)
    source, back, *crop = send(np.stack(indices), images)
    blends, shift, angle, ceiling = (send(x.astype(np.float32), images) for x in _amounts(drawn))
    which = np.stack((blurred - first[blurred], np.searchsorted(sigmas[:-1], drawn.sigma[blurred])))
    which = send(which, images)
    for start in range(0, count, at_once):
        part = slice(start, min(start + at_once, count))
        soft = slice(*np.searchsorted(blurred, (part.start, part.stop)))
        yield Plan(
            part=part,
            source=source[part],
            back=back[part],
            filters=filters,
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
        )


def _indices(
    drawn: Drawn, filters: tuple[int, ...], order: NDArray, first: NDArray, images: Tensor
) -> tuple[NDArray, ...]:
    """`source`, `back`, `down` and `across` of all views."""
    height, width = images.shape[-2:]
    left, top, w, h = drawn.box.T
    table = 2 * np.searchsorted(filters, drawn.interpolation)
    down = h - 1 + height * table, height - 1 - top
    across = w - 1 + width * (table + drawn.flip), width - 1 - left
    return order % len(images), np.argsort(order) - first, *down, *across


def _amounts(drawn: Drawn) -> tuple[NDArray, ...]:
    """`blends`, `shift`, `angle` and `ceiling` of all views."""
    factor = np.take_along_axis(drawn.jitter, drawn.order, -1)
    blends = np.empty((PLACES + 1, len(factor), 4))
    blends[:PLACES] = blend_weights(drawn.order, factor).swapaxes(0, 1)
    blends[PLACES] = np.where(drawn.gray[:, None], ONLY_GRAY, (1, 0, 0, 0))
    shift = (drawn.jitter[:, HUE, None] * 255).astype(int) / 256  # as rounded in 8 bits
    return blends, 6 * shift, drawn.angle, np.take(CEILING, drawn.solarize.astype(int))


def send(array: NDArray, like: Tensor) -> Tensor:
    """Send an array to the device of `like` without waiting for it."""
    tensor = torch.from_numpy(array)
    tensor = tensor.pin_memory() if like.is_cuda else tensor
    return tensor.to(like.device, non_blocking=like.is_cuda)
