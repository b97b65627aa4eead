"""What takes the place of steps on colors in views of images that are not RGB.

Shapes: V views of each of n samples, of images with C channels.
"""

from typing import NamedTuple

import numpy as np

from mmbarlow.datasets.view import NUMBERS, TRIES, Views

DROPPED = 0.5  # of the channels in a view that loses some


class ChannelSteps(NamedTuple):
    """Parameters of views, each array of shape (V, n, C)."""

    gain: np.ndarray  # in the place of the saturation: a factor
    offset: np.ndarray  # in the place of the hue: added, in units of 0 to 255
    dropped: np.ndarray  # bool, in the place of gray: channels that become 0

    def of(self, view: int, sample: int = 0) -> 'ChannelSteps':
        """The parameters of one view of one sample, (C,)."""
        return ChannelSteps(*(parameter[view, sample] for parameter in self))


def numbers_of(channels: int | None) -> int:
    """How many uniform random numbers determine a view; None: of 8-bit RGB."""
    return NUMBERS + (3 * channels if channels not in (None, 3) else 0)


def draw_channel_steps(views: Views, u: np.ndarray, channels: int) -> ChannelSteps:
    """Parameters from u (V, n, `numbers_of(channels)`), from U[0, 1).

    A view has gains and offsets where `Views.draw` gives it a jitter, and drops channels where that
    makes it gray: it reads the same numbers for both, and each channel has three more of its own,
    which come after them. A channel goes with a probability of `DROPPED`, but never the last one.
    """
    own = u[..., NUMBERS:].reshape(*u.shape[:2], 3, channels)
    on = u[..., 2 * TRIES + 6 : 2 * TRIES + 11] < views.p
    jittered, gray = on[..., 1, None], on[..., 2, None]
    low, high = views.low[..., 4:6, None], views.high[..., 4:6, None]  # of saturation and hue
    amount = low + (high - low) * own[..., :2, :]
    stays = own[..., 2, :] == own[..., 2, :].max(-1, keepdims=True)
    return ChannelSteps(
        gain=np.where(jittered, amount[..., 0, :], 1.0),
        offset=np.where(jittered, 255 * amount[..., 1, :], 0.0),
        dropped=gray & (own[..., 2, :] < DROPPED) & ~stays,
    )
