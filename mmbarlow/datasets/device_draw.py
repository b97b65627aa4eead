"""Parameters of views drawn where the images lie: `sample_random` and `view` in torch.

The generator is the SplitMix64 of `sample_random`, counted from the key of a sample. torch has no
uint64, but products and sums of int64 have the same bits, since both drop what is above 64. The
numbers are thus those of the CPU bit for bit on any device, and so are the views that they
describe, but for the last bit of exp and sqrt in float64, which can move a crop by a pixel where a
side lies within 1e-13 of a half. No step waits for the device, and all shapes are known before.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmbarlow.datasets import sample_random
from mmbarlow.datasets.view import HALVES, NEUTRAL, NUMBERS, ORDERS, TRIES, Views


def signed(number: int) -> int:
    """The int64 with the bits of a uint64."""
    return (int(number) + 2**63) % 2**64 - 2**63


GAMMA = signed(int(sample_random.GAMMA))
MULTIPLIERS = [signed(m) for m in sample_random.MULTIPLIERS.tolist()]
FIRST, SECOND = signed(0xBF58476D1CE4E5B9), signed(0x94D049BB133111EB)


def shifted(z: Tensor, bits: int) -> Tensor:
    """z >> bits of the same bits as uint64: zeros come in from above, not the sign."""
    return (z >> bits) & (2 ** (64 - bits) - 1)


def device_splitmix64(state: Tensor, count: int) -> Tensor:
    """`sample_random.splitmix64` of states (...), int64, with the same bits, (..., count)."""
    z = state[..., None] + GAMMA * torch.arange(1, count + 1, device=state.device)
    z = (z ^ shifted(z, 30)) * FIRST
    z = (z ^ shifted(z, 27)) * SECOND
    return z ^ shifted(z, 31)


def device_uniforms(keys: Tensor, views: int, count: int) -> Tensor:
    """`sample_random.uniforms` of keys (n, 3), int64, (views, n, count), float64, bit for bit."""
    seed, epoch, index, view = MULTIPLIERS
    state = keys[:, 0] * seed + keys[:, 1] * epoch + keys[:, 2] * index
    state = state + view * torch.arange(views, device=keys.device)[:, None]
    return shifted(device_splitmix64(state, count), 11).double() * 2.0**-53


class DeviceDrawn(NamedTuple):
    """`view.Drawn` without the interpolation, which all samples of a view share."""

    angle: Tensor  # (V, n), as all that follow unless they say so
    box: Tensor  # (V, n, 4)
    flip: Tensor
    order: Tensor  # (V, n, 4)
    jitter: Tensor  # (V, n, 4)
    gray: Tensor
    sigma: Tensor
    solarize: Tensor

    def part(self, view: int, samples: slice) -> 'DeviceDrawn':
        """The parameters (k, ...) of some samples of one view."""
        return DeviceDrawn(*(parameter[view, samples] for parameter in self))


class DeviceDraws:
    """`Views.draw` on a device."""

    def __init__(self, views: Views, device: torch.device) -> None:
        self.views = len(views.views)

        def send(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.array(array)).to(device)

        self.low, self.p = send(views.low), send(views.p)
        self.span = send(views.high - views.low)
        self.least_crop = send(views.least_crop)
        self.crop_span = send(views.most_crop - views.least_crop)
        self.longest = send(views.longest)
        self.orders, self.neutral, self.halves = send(ORDERS), send(NEUTRAL), send(HALVES)
        self.sides: dict[tuple[int, int], Tensor] = {}

    def draw(self, keys: Tensor, width: int, height: int) -> DeviceDrawn:
        """Parameters of all views of samples with the keys (n, 3), of images of one size."""
        u = device_uniforms(keys, self.views, NUMBERS)
        rest = u[..., 2 * TRIES :]
        amount = self.low + self.span * rest[..., :6]
        on = rest[..., 6:11] < self.p
        flip, jittered, gray, blurred, solarize = on.unbind(-1)
        if (width, height) not in self.sides:  # a copy to the device, once
            self.sides[width, height] = torch.tensor([width, height]).to(keys.device).double()
        return DeviceDrawn(
            angle=amount[..., 0],
            box=self._box(u[..., : 2 * TRIES].unflatten(-1, (TRIES, 2)), rest, width, height),
            flip=flip,
            order=self.orders[(rest[..., 11] * len(self.orders)).long()],
            jitter=torch.where(jittered[..., None], amount[..., 2:], self.neutral),
            gray=gray,
            sigma=amount[..., 1] * blurred,
            solarize=solarize,
        )

    def _box(self, tries: Tensor, rest: Tensor, width: int, height: int) -> Tensor:
        """`Views._box`, always with both outcomes of the tries."""
        image = self.sides[width, height]
        crop = self.least_crop + self.crop_span * tries
        area = torch.sqrt(crop[..., :1] * (width * height))
        sides = torch.round(area * torch.exp(crop[..., 1:] * self.halves))
        fits = ((sides <= image) & (sides > 0)).all(-1)
        first = fits.byte().argmax(-1)[..., None, None].expand(*fits.shape[:-1], 1, 2)
        sides = sides.gather(-2, first).squeeze(-2)
        start = rest[..., 12:14] * (image - sides + 1)
        found = fits.any(-1, keepdim=True)
        largest = torch.minimum(image, torch.round(image.flip(0) * self.longest))
        sides = torch.where(found, sides, largest)
        start = torch.where(found, start, (image - sides) / 2)
        return torch.cat([start, sides], -1).long()
