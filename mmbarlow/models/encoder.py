"""What is left of a twin when the pretraining is over: images in, representations out."""

import math
from collections.abc import Callable
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


@MODELS.register_module()
class Encoder(BaseModel):
    """A backbone with global average pooling and the preprocessing it was trained with.

    'we refer to the output of the encoder as the representations and the output of the projector
    as the embeddings. The representations are used for downstream tasks.' (section 2.2)

    Args:
        backbone: config of a backbone that returns anything that `pooled` takes.
        data_preprocessor: config of the preprocessor that normalizes images on the device.
        channels_last: hold images, feature maps and the weights of convolutions with the channels
            of a pixel side by side, as a GPU's half-precision convolutions read them. Which numbers
            come out does not change; checkpoints do not either.
        images: `channels` and `range` of the images, options of `mmbarlow.CenterView`; by default
            they are 8-bit RGB.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: dict | None = None,
        channels_last: bool = False,
        images: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.images = dict(images or {})
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        if channels_last:
            self.backbone.to(memory_format=self.layout)
        first_conv = next((m for m in self.backbone.modules() if isinstance(m, nn.Conv2d)), None)
        self._channels = first_conv.in_channels if first_conv else None

    def forward(self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor'):
        """Representations (n, C) of images (n, 3, H, W); the one mode is 'tensor'."""
        if mode != 'tensor':
            raise InputError(f"Encoder has the mode 'tensor' alone, not {mode!r}.")
        return self.extract_feat(inputs)

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Last output of the backbone, `pooled`: (n, 3, H, W) to (n, C).

        Raises:
            InputError: the images have channels that the backbone does not take.
        """
        self.check_channels(inputs)
        return pooled(self.backbone(inputs.contiguous(memory_format=self.layout)))

    def check_channels(self, images: Tensor) -> None:
        if self._channels is not None and images.shape[1] != self._channels:
            raise InputError(
                f'the images have {images.shape[1]} channels and the backbone takes '
                f'{self._channels}: convert the images, or set model.backbone.in_channels.'
            )


def pooled(outputs: Any) -> Tensor:
    """Representations (n, C) from what a backbone returns.

    Args:
        outputs: a tensor, or a tuple, list or dict of them (to any depth), of which the last
            counts. A map (n, C, H, W) is averaged over space, and so is one of timm's Swin,
            (n, H, W, C), which is told by H = W < C; vectors (n, C) stay as they are. Of tokens
            (n, L, C) the first is the class token, unless L is a square number: then they are the
            patches of a square image alone, and are averaged, as those of (n, C, L) are
            (mmpretrain's MlpMixer and EfficientFormer), which `_tokens_last` tells.

    Raises:
        InputError: it is nothing of this kind.
    """
    last = last_output(outputs)
    return pooling_of(last)(last)


def pooling_of(last: Any) -> Callable[[Tensor], Tensor]:
    """What `pooled` does with such a last output, which is `last_output` of a backbone's."""
    shape = tuple(last.shape[1:]) if isinstance(last, Tensor) else ()
    if len(shape) == 3:
        return _mean_over((1, 2) if shape[0] == shape[1] < shape[2] else (2, 3))
    if len(shape) == 2 and _tokens_last(*shape):
        return _mean_over(2)
    if len(shape) == 2:
        return _mean_over(1) if _is_square(shape[0]) else lambda tokens: tokens[:, 0]
    if len(shape) == 1:
        return lambda vectors: vectors
    found = tuple(last.shape) if isinstance(last, Tensor) else type(last).__name__
    raise InputError(
        f'the backbone gives {found}: it must give maps (n, C, H, W), tokens (n, L, C) or vectors '
        '(n, C); set model.backbone.out_type if it has one.'
    )


def _mean_over(axes: int | tuple[int, int]) -> Callable[[Tensor], Tensor]:
    return lambda numbers: numbers.mean(axes)


def last_output(outputs: Any) -> Any:
    """Of tensors in tuples, lists and dicts, the one that `pooled` takes."""
    while isinstance(outputs, tuple | list | dict) and outputs:
        if isinstance(outputs, dict):  # DINOv2's names its class token
            there = [value for value in outputs.values() if value is not None]
            outputs = [outputs.get('x_norm_clstoken', there[-1] if there else None)]
        outputs = outputs[-1]
    return outputs


def _tokens_last(first: int, last: int) -> bool:
    """Whether tokens are (n, C, L): L is a square, and either the other number is none of tokens,
    with up to two of classes or five of classes and registers, or L would be odd for channels."""
    tokens_first = any(_is_square(first - extra) for extra in (0, 1, 2, 5) if first >= extra)
    return _is_square(last) and (not tokens_first or last % 8 > 0) and first > last


def _is_square(number: int) -> bool:
    return math.isqrt(number) ** 2 == number


@MODELS.register_module()
class Pooling(nn.Module):
    """`pooled` as the neck of an `mmpretrain.ImageClassifier`."""

    def forward(self, outputs: Any) -> tuple[Tensor]:
        """What a backbone returns to a tuple of one (n, C)."""
        return (pooled(outputs),)


@MODELS.register_module()
class RawPixels(nn.Module):
    """A backbone that learns nothing: the pixels themselves, to compare features with."""

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """(n, C, H, W) to a feature map (n, CHW, 1, 1)."""
        return (images.flatten(1)[..., None, None],)
