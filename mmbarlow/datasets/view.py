"""What a view is: its distribution, and what is drawn from it.

Shapes: V views of each of n samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import permutations
from typing import NamedTuple

import numpy as np

from mmbarlow.errors import InputError

TRIES = 10  # of a crop that has to fit, as in torchvision
NUMBERS = 2 * TRIES + 14  # uniform ones that a view is made from
ORDERS = np.array(list(permutations(range(4))))  # of the four steps of the jitter


@dataclass(frozen=True)
class View:
    """Distribution of one view: probabilities and strengths, in the order they are applied.

    Defaults are what both views of the official `Transform` share (`main.py`; BYOL's, section 2.2).

    Raises:
        InputError: a probability is outside 0 to 1, a range is none, a strength is negative.
    """

    rotate: float = 0.0  # angle from U(-x, x) degrees, before the crop; 0 in the official code
    crop_scale: tuple[float, float] = (0.08, 1.0)  # share of the image's area
    crop_ratio: tuple[float, float] = (3 / 4, 4 / 3)  # width over height, log-uniform
    flip: float = 0.5  # probability
    jitter: float = 0.8  # probability of the four below, applied in random order
    brightness: float = 0.4  # factor from U(1 - x, 1 + x)
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1  # shift from U(-x, x) of the colour circle
    gray: float = 0.2  # probability
    blur: float = 0.0  # probability
    blur_sigma: tuple[float, float] = (0.1, 2.0)  # pixels of the view, uniform
    solarize: float = 0.0  # probability; values of 128 and more are inverted

    def __post_init__(self) -> None:
        for name in ('flip', 'jitter', 'gray', 'blur', 'solarize'):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise InputError(f'{name}={value} of a view is a probability: from 0 to 1.')
        for name, least in (('crop_scale', 1e-6), ('crop_ratio', 1e-6), ('blur_sigma', 0)):
            value = getattr(self, name)
            if not isinstance(value, Sequence) or not least <= value[0] <= value[-1]:
                raise InputError(f'{name}={value} of a view must be a range, both from {least:g}.')
        for name, most in (('brightness', 10), ('contrast', 10), ('saturation', 10), ('hue', 0.5)):
            if not 0 <= (value := getattr(self, name)) <= most:
                raise InputError(f'{name}={value} of a view must be from 0 to {most}.')


class Drawn(NamedTuple):
    """Parameters of views, each array of shape (V, n) or (V, n, 4)."""

    angle: np.ndarray  # degrees, counter-clockwise
    box: np.ndarray  # (V, n, 4): left, top, width, height of the crop, in pixels of the image
    flip: np.ndarray  # bool
    order: np.ndarray  # (V, n, 4): steps in the order they are applied
    jitter: np.ndarray  # (V, n, 4): factors of brightness, contrast and saturation, shift of hue
    gray: np.ndarray  # bool
    sigma: np.ndarray  # of the blur, in pixels of the view; 0 where there is none
    solarize: np.ndarray  # bool

    def of(self, view: int, sample: int = 0) -> 'Drawn':
        """Those of one view."""
        return Drawn(*(parameter[view, sample] for parameter in self))


NEUTRAL = np.array([1.0, 1.0, 1.0, 0.0])  # factors and shift that leave an image as it is


class Views:
    """The distributions of V views, to be drawn from for many samples at once."""

    def __init__(self, *views: dict) -> None:
        try:
            self.views = [View(**view) for view in views]
        except TypeError as error:
            names = ', '.join(field.name for field in fields(View))
            raise InputError(f'{error}; a view has {names}.') from None
        table = {f.name: [getattr(v, f.name) for v in self.views] for f in fields(View)}
        # (V, 1) or (V, 1, 2), to meet numbers of shape (V, n)
        self.p = {name: np.array(values, float)[:, None] for name, values in table.items()}
        self.scale = np.moveaxis(self.p['crop_scale'], -1, 0)
        self.log_ratio = np.log(np.moveaxis(self.p['crop_ratio'], -1, 0))
        jitter = [self.p[name] for name in ('brightness', 'contrast', 'saturation', 'hue')]
        strength = np.stack(jitter, -1)
        self.low = NEUTRAL - strength
        self.low[..., :3] = self.low[..., :3].clip(0)
        self.span = NEUTRAL + strength - self.low

    def draw(self, u: np.ndarray, width: np.ndarray | int, height: np.ndarray | int) -> Drawn:
        """Parameters from u (V, n, NUMBERS), of U[0, 1), for images of n sizes in pixels."""
        p, rest = self.p, u[..., 2 * TRIES :]
        jittered = (rest[..., 3] < p['jitter'])[..., None]
        sigma = between(p['blur_sigma'][..., 0], p['blur_sigma'][..., 1], rest[..., 11])
        return Drawn(
            angle=between(-p['rotate'], p['rotate'], rest[..., 0]),
            box=self._box(u[..., : 2 * TRIES], rest[..., 12:14], width, height),
            flip=rest[..., 1] < p['flip'],
            order=ORDERS[(rest[..., 2] * len(ORDERS)).astype(int)],
            jitter=np.where(jittered, self.low + self.span * rest[..., 4:8], NEUTRAL),
            gray=rest[..., 8] < p['gray'],
            sigma=np.where(rest[..., 9] < p['blur'], sigma, 0.0),
            solarize=rest[..., 10] < p['solarize'],
        )

    def _box(self, u: np.ndarray, at: np.ndarray, width, height) -> np.ndarray:
        """torchvision's RandomResizedCrop: ten tries, then the largest centred crop."""
        (least, most), (narrow, wide) = self.scale, self.log_ratio
        found = np.zeros(u.shape[:2], bool)
        w = h = np.zeros(u.shape[:2])
        for i in range(TRIES):
            area = between(least, most, u[..., 2 * i]) * (width * height)
            ratio = np.exp(between(narrow, wide, u[..., 2 * i + 1]))
            across, down = np.rint(np.sqrt(area * ratio)), np.rint(np.sqrt(area / ratio))
            fits = (across <= width) & (down <= height) & (np.minimum(across, down) > 0)
            w, h = np.where(found, w, across * fits), np.where(found, h, down * fits)
            found = found | fits
            if found.all():
                break
        else:
            ratio = np.clip(width / height, np.exp(narrow), np.exp(wide))
            w = np.where(found, w, np.minimum(width, np.rint(height * ratio)))
            h = np.where(found, h, np.minimum(height, np.rint(width / ratio)))
        box = np.empty((*w.shape, 4), int)
        for i, (side, rest) in enumerate(((w, width - w), (h, height - h))):
            box[..., i] = np.where(found, at[..., i] * (rest + 1), rest / 2)
            box[..., 2 + i] = side
        return box


def between(low, high, u: np.ndarray) -> np.ndarray:
    return low + (high - low) * u
