"""The parameters of all views of a batch, worked out on the CPU and sent to the device."""

import itertools
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
    crop: Tensor  # (m, k): whole numbers that say where the crops are, as the caller counts them
    back: Tensor  # (k,): positions of the views in the order in which they are returned
    hue: list[int]  # views hue[i] to hue[i + 1] shift the hue at place i; the first hue[4] jitter
    blends: Tensor  # (5, k, 4): weights at the four places, then those of the step to gray
    shift: Tensor  # (k, 1): shift of the hue, in sixths of the color circle
    angle: Tensor | None  # (k,), or None: no view is rotated
    gray: bool  # whether any view turns gray
    blurred: Tensor  # (b,): indices of the blurred views
    kernel: Tensor  # (b,): entry in the table of kernels
    ceiling: Tensor | None  # (k,): for `solarize_`, or None: no view is solarized


def in_a_row(drawn: Drawn) -> Drawn:
    """The parameters (V, n, ...) of V views of n images in one row, (V * n, ...)."""
    return drawn.changed(lambda parameter: parameter.reshape(-1, *parameter.shape[2:]))


def plans(
    drawn: Drawn, crop: NDArray, starts: NDArray, sigmas: NDArray, like: Tensor
) -> Iterator[Plan]:
    """The plans of all views, in the order of `drawn`.

    Args:
        drawn: parameters, each (count, ...).
        crop: (m, count), for `Plan.crop`.
        starts: (count,): the first view of the plan that each view belongs to; neighbors go
            together.
        sigmas: of the available kernels, evenly spaced.
        like: a tensor on the device.
    """
    jittered = (drawn.jitter != NEUTRAL).any(-1)
    place = np.where(jittered, (drawn.order == HUE).argmax(-1), PLACES)
    order = np.lexsort((place, starts))  # within each plan
    drawn, place = drawn.changed(lambda parameter: parameter[order]), place[order]
    blurred = np.flatnonzero(drawn.sigma)

    indices = send(np.stack((np.argsort(order) - starts, *crop[:, order])), like)
    blends, shift, angle, ceiling = (send(x.astype(np.float32), like) for x in _amounts(drawn))
    which = (blurred - starts[blurred], np.searchsorted(sigmas[:-1], drawn.sigma[blurred]))
    which = send(np.stack(which), like)
    for start, stop in itertools.pairwise([*np.unique(starts).tolist(), len(starts)]):
        part = slice(start, stop)
        soft = slice(*np.searchsorted(blurred, (start, stop)))
        yield Plan(
            part=part,
            crop=indices[1:, part],
            back=indices[0, part],
            hue=np.searchsorted(place[part], range(PLACES + 1)).tolist(),
            blends=blends[:, part],
            shift=shift[part],
            angle=angle[part] if drawn.angle.any() else None,
            gray=bool(drawn.gray[part].any()),
            blurred=which[0, soft],
            kernel=which[1, soft],
            ceiling=ceiling[part] if drawn.solarize[part].any() else None,
        )


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
