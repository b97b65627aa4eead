"""The distribution of a view's parameters, and parameters drawn from it.

Shapes: V views of each of n samples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import permutations
from typing import NamedTuple

import numpy as np

from mmbarlow.errors import InputError

TRIES = 10  # attempts at a crop that fits into the image, as in torchvision
NUMBERS = 2 * TRIES + 14  # uniform random numbers that determine a view
INTERPOLATIONS = 'bicubic', 'bilinear'  # both antialiased; `Drawn` counts them so
ORDERS = np.array(list(permutations(range(4))))  # all orders of the four steps of the jitter


@dataclass(frozen=True)
class View:
    """Distribution of one view: probabilities and strengths, in the order they are applied.

    The defaults are what both views of the official `Transform` share (`main.py`; they are BYOL's,
    section 2.2 of the paper).

    Raises:
        InputError: a value is out of its range, or a range is not one.
    """

    rotate: float = 0.0  # angle from U(-x, x) degrees, before the crop; 0 in the official code
    crop_scale: tuple[float, float] = (0.08, 1.0)  # share of the image's area
    crop_ratio: tuple[float, float] = (3 / 4, 4 / 3)  # width over height, log-uniform
    # of the crop's resizing; 'bilinear' is torchvision's default, and with it lightly's and others'
    interpolation: str = 'bicubic'
    flip: float = 0.5  # probability
    jitter: float = 0.8  # probability of the four below, applied in random order
    brightness: float = 0.4  # factor from U(1 - x, 1 + x)
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1  # shift from U(-x, x), as a share of the color circle
    gray: float = 0.2  # probability
    blur: float = 0.0  # probability
    blur_sigma: tuple[float, float] = (0.1, 2.0)  # pixels of the view, uniform
    solarize: float = 0.0  # probability; values of 128 and more are inverted

    def __post_init__(self) -> None:
        if self.interpolation not in INTERPOLATIONS:
            known = ' or '.join(map(repr, INTERPOLATIONS))
            raise InputError(f'interpolation={self.interpolation!r} of a view must be {known}.')
        for name in ('flip', 'jitter', 'gray', 'blur', 'solarize'):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise InputError(f'{name}={value} of a view must be a probability from 0 to 1.')
        for name, least in (('crop_scale', 1e-6), ('crop_ratio', 1e-6), ('blur_sigma', 0)):
            value = getattr(self, name)
            if not isinstance(value, Sequence) or not least <= value[0] <= value[-1]:
                raise InputError(f'{name}={value} of a view must be a range from {least:g} up.')
        for name, most in (('brightness', 10), ('contrast', 10), ('saturation', 10), ('hue', 0.5)):
            if not 0 <= (value := getattr(self, name)) <= most:
                raise InputError(f'{name}={value} of a view must be from 0 to {most}.')


class ChannelSteps(NamedTuple):
    """What images have that are not RGB in the place of steps on colors, each (V, n, C)."""

    gain: np.ndarray  # for the saturation: a factor
    offset: np.ndarray  # for the hue: added, of 255
    dropped: np.ndarray  # bool, for gray: channels that become 0


class Drawn(NamedTuple):
    """Parameters of views, each array of shape (V, n) or (V, n, 4)."""

    interpolation: np.ndarray  # of the crop's resizing: index into INTERPOLATIONS
    angle: np.ndarray  # degrees, counter-clockwise
    box: np.ndarray  # (V, n, 4): left, top, width, height of the crop, in pixels of the image
    flip: np.ndarray  # bool
    order: np.ndarray  # (V, n, 4): steps in the order they are applied
    jitter: np.ndarray  # (V, n, 4): factors of brightness, contrast and saturation, shift of hue
    gray: np.ndarray  # bool
    sigma: np.ndarray  # strength of the blur, in pixels of the view; 0 without blur
    solarize: np.ndarray  # bool
    channels: ChannelSteps | None = None  # of images that are not RGB

    def of(self, view: int, sample: int = 0) -> 'Drawn':
        """The parameters of one view of one sample."""
        return self.changed(lambda parameter: parameter[view, sample])

    def changed(self, change: Callable[[np.ndarray], np.ndarray]) -> 'Drawn':
        """With the same change to each array."""
        own = None if self.channels is None else ChannelSteps(*map(change, self.channels))
        return Drawn(*map(change, self[:-1]), channels=own)


HALVES = np.array([0.5, -0.5])  # shares of the ratio's logarithm in width and height
NEUTRAL = np.array([1.0, 1.0, 1.0, 0.0])  # factors and shift that leave an image as it is


class Views:
    """The distributions of V views, from which many samples are drawn at once.

    For one sample the time goes into the calls, not the numbers, so everything that can be drawn
    together is.
    """

    def __init__(self, *views: dict) -> None:
        try:
            self.views = [View(**view) for view in views]
        except TypeError as error:
            names = ', '.join(field.name for field in fields(View))
            raise InputError(f'{error}; a view has {names}.') from None
        table = self._table
        self.interpolation = table(lambda v: (INTERPOLATIONS.index(v.interpolation),)).astype(int)
        # (V, 1, k), to broadcast with numbers of shape (V, n, k)
        self.p = table(lambda v: (v.flip, v.jitter, v.gray, v.blur, v.solarize))
        strength = table(lambda v: (v.brightness, v.contrast, v.saturation, v.hue))
        least = np.maximum(NEUTRAL - strength, (0, 0, 0, -1))  # no factor is negative
        self.low = np.append(table(lambda v: (-v.rotate, v.blur_sigma[0])), least, -1)
        self.high = np.append(table(lambda v: (v.rotate, v.blur_sigma[-1])), NEUTRAL + strength, -1)
        # (V, 1, 1, 2): area and logarithm of the ratio, for all tries
        self.least_crop = table(lambda v: (v.crop_scale[0], np.log(v.crop_ratio[0])))[:, None]
        self.most_crop = table(lambda v: (v.crop_scale[-1], np.log(v.crop_ratio[-1])))[:, None]
        # the longest a side may be, relative to the other side
        self.longest = table(lambda v: (v.crop_ratio[-1], 1 / v.crop_ratio[0]))

    def _table(self, row: Callable[[View], tuple[float, ...]]) -> np.ndarray:
        return np.array([row(view) for view in self.views], float)[:, None]

    def draw(self, u: np.ndarray, width: np.ndarray | int, height: np.ndarray | int) -> Drawn:
        """Parameters from u (V, n, NUMBERS), from U[0, 1), for images of n sizes in pixels."""
        tries, rest = u[..., : 2 * TRIES].reshape(*u.shape[:2], TRIES, 2), u[..., 2 * TRIES :]
        amount = self.low + (self.high - self.low) * rest[..., :6]
        on = rest[..., 6:11] < self.p
        flip, jittered, gray, blurred, solarize = (on[..., i] for i in range(5))
        return Drawn(
            interpolation=np.broadcast_to(self.interpolation[..., 0], u.shape[:2]),
            angle=amount[..., 0],
            box=self._box(tries, rest[..., 12:14], np.array([width, height]).T),
            flip=flip,
            order=ORDERS[(rest[..., 11] * len(ORDERS)).astype(int)],
            jitter=np.where(jittered[..., None], amount[..., 2:], NEUTRAL),
            gray=gray,
            sigma=amount[..., 1] * blurred,
            solarize=solarize,
        )

    def _box(self, u: np.ndarray, at: np.ndarray, image: np.ndarray) -> np.ndarray:
        """torchvision's RandomResizedCrop: ten tries, then the largest centered crop.

        u (V, n, TRIES, 2), from U[0, 1), gives areas and ratios, `at` (V, n, 2) the position in the
        image, whose width and height are `image`, (n, 2) or (2,).
        """
        crop = self.least_crop + (self.most_crop - self.least_crop) * u
        # The sides of an area a with ratio r are sqrt(a r) and sqrt(a / r).
        area = image[..., 0] * image[..., 1]
        sides = np.rint(
            np.sqrt(crop[..., :1] * area[..., None, None]) * np.exp(crop[..., 1:] * HALVES)
        )
        fit = (sides <= image[..., None, :]) & (sides > 0)
        fits = fit[..., 0] & fit[..., 1]
        sides = sides[np.arange(len(u))[:, None], np.arange(u.shape[1]), fits.argmax(-1)]
        start = at * (image - sides + 1)
        if not (found := fits.any(-1, keepdims=True)).all():
            largest = np.minimum(image, np.rint(image[..., ::-1] * self.longest))
            sides = np.where(found, sides, largest)
            start = np.where(found, start, (image - sides) / 2)
        return np.concatenate([start, sides], -1).astype(int)
