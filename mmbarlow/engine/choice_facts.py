"""What `mmbarlow pretrain` knows when it chooses, and what a choice is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Facts:
    """What the choices depend on.

    images: their number.
    side: median of the shorter sides of the images, in pixels.
    gpu: whether there is one.
    cores: of the CPU, for this process.
    memory: of the GPU, or else of the machine, in bytes.
    bf16: whether the device computes in bfloat16 itself.
    batch_norm: whether the backbone has it; None as long as no backbone is built.
    fits: images of a view that the GPU takes at once, as tried; None: not tried.
    pair_seconds: of training on both views of an image, as measured; None: not measured.
    seconds: for the training, of `--minutes`; None: as many as it takes.
    init: whether the training starts from weights of others.
    channels, range: of the images, as `mmbarlow.datasets.value_facts` has measured them, with the
        reasons.
    """

    images: int
    side: int
    gpu: bool
    cores: int
    memory: float
    bf16: bool
    batch_norm: bool | None = None
    fits: int | None = None
    pair_seconds: float | None = None
    seconds: float | None = None
    init: bool = False
    channels: tuple[int, str] = (3, 'RGB, as which 8-bit images are read')
    range: tuple[str, str] = ('0 to 255', 'all of 8 bits')


class Choice(NamedTuple):
    """A value, why it is this one, and whether it was asked for."""

    value: Any
    reason: str
    asked: bool = False


Chosen = dict[str, Choice]
Rule = Callable[[Facts, Chosen], tuple[Any, str]]
