"""Parameters of views of images with any number of channels.

Shapes: V views of each of n samples, of images with C channels.
"""

import numpy as np

from mmbarlow.datasets.view import NEUTRAL, NUMBERS, TRIES, ChannelSteps, Drawn, Views

RGB = 3  # channels
DROPPED = 0.5  # of the channels in a view that loses some


def numbers_for(channels: int) -> int:
    """How many uniform random numbers determine a view: for RGB those that 8-bit RGB has."""
    return NUMBERS + (3 * channels if channels != RGB else 0)


def draw_for_channels(
    views: Views, u: np.ndarray, width: np.ndarray | int, height: np.ndarray | int
) -> Drawn:
    """Parameters from u (V, n, `numbers_for(channels)`), from U[0, 1), for images of n sizes.

    What RGB has too comes of the same numbers as there. For other images, a view has gains and
    offsets where RGB would have a jitter, and drops channels where RGB would become gray; each
    channel has three more numbers of its own, which come last. A channel goes with a probability
    of `DROPPED`, but never the last one.
    """
    drawn = views.draw(u[..., :NUMBERS], width, height)
    own = u[..., NUMBERS:].reshape(*u.shape[:2], 3, -1)
    if not own.size:
        return drawn
    jittered = (u[..., 2 * TRIES + 7] < views.p[..., 1])[..., None]
    low, high = views.low[..., 4:6, None], views.high[..., 4:6, None]  # of saturation and hue
    amount = low + (high - low) * own[..., :2, :]
    stays = own[..., 2, :] == own[..., 2, :].max(-1, keepdims=True)
    steps = ChannelSteps(
        gain=np.where(jittered, amount[..., 0, :], 1.0),
        offset=np.where(jittered, 255 * amount[..., 1, :], 0.0),
        dropped=drawn.gray[..., None] & (own[..., 2, :] < DROPPED) & ~stays,
    )
    colors = np.array([False, False, True, True])  # saturation and hue
    return drawn._replace(
        jitter=np.where(colors, NEUTRAL, drawn.jitter),
        gray=np.zeros_like(drawn.gray),
        channels=steps,
    )
