"""What a card has: its parts, and why one of them may have to be left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mmbarlow.benchmarks.network import Network
from mmbarlow.datasets.corruption import COMMON, LEAST_SIDE, check_corruptions, corruption_package
from mmbarlow.engine.bf16 import has_bf16
from mmbarlow.errors import InputError, one_line

PARTS = dict(
    knn='the 20 nearest training images vote',
    logistic='logistic regression, its penalty chosen on held-out training images',
    attentive='attention over the places of an image before they are pooled',
    fewshot='kNN by 1, 2, 4, 8 and 16 labels a class, 5 draws',
    calibration='how sure the logistic regression is, and how often it is right',
    robustness="ImageNet-C's corruptions at severities 1 to 5, by the logistic regression",
)
NEEDS_LOGISTIC = ('calibration', 'robustness')
PRECISIONS = ('auto', 'fp32', 'bf16')
CORRUPTED_IMAGES = 500


@dataclass(frozen=True)
class CardOptions:
    """How a card is made.

    parts: of `PARTS`; None: all that can be measured.
    corruptions: by name. corrupted_images: test images that are corrupted; None: all of them.
    precision: the features are computed in: 'fp32', 'bf16', or 'auto' for bf16 where the device
        computes in it.
    supervised: a file of weights that were trained with labels, for one more column.

    Raises:
        InputError: there is no such part, corruption or precision, or a number is out of range.
    """

    parts: Sequence[str] | None = None
    corruptions: Sequence[str] = COMMON
    corrupted_images: int | None = CORRUPTED_IMAGES
    precision: str = 'auto'
    supervised: str | None = None

    def __post_init__(self) -> None:
        if unknown := [part for part in self.parts or () if part not in PARTS]:
            raise InputError(
                f'a card has no part {unknown[0]!r:.60}: take some of {", ".join(PARTS)}.'
            )
        check_corruptions(self.corruptions)
        if self.corrupted_images is not None and self.corrupted_images < 1:
            raise InputError(
                f'the corrupted images must be 1 or more, got {self.corrupted_images}.'
            )
        if self.precision not in PRECISIONS:
            raise InputError(f'the precision is one of {", ".join(PRECISIONS)}.')

    def usable(self, network: Network, side: int) -> tuple[list[str], dict[str, str]]:
        """The parts that can be measured, in their order, and why others cannot.

        Args:
            side: of the images as they are shown, in pixels.

        Raises:
            InputError: a part that was asked for by name cannot.
        """
        left_out = {}
        if reason := _no_robustness(network, side):
            if 'robustness' in (self.parts or ()):
                raise InputError(reason)
            left_out['robustness'] = reason
        wanted = PARTS if self.parts is None else self.parts
        return [part for part in PARTS if part in wanted and part not in left_out], left_out


def _no_robustness(network: Network, side: int) -> str | None:
    if network.images:
        return "ImageNet-C's corruptions are for 8-bit RGB, and this network takes other images."
    if side < LEAST_SIDE:
        return f'corruptions need images of {LEAST_SIDE} px or more, and these have {side}.'
    try:
        corruption_package()
    except InputError as error:
        return one_line(error)
    return None


def in_bf16(precision: str, device: torch.device) -> bool:
    return precision == 'bf16' or precision == 'auto' and has_bf16(device.type)
