"""What is left of a twin when the pretraining is over: images in, representations out."""

import math

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
    """

    def __init__(
        self, backbone: dict, data_preprocessor: dict | None = None, channels_last: bool = False
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
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


def pooled(outputs: Tensor | tuple | list) -> Tensor:
    """Representations (n, C) from what a backbone returns.

    Args:
        outputs: a tensor, or a tuple or list of them (to any depth), of which the last counts. A
            map (n, C, H, W) is averaged over space; vectors (n, C) stay as they are. Of tokens
            (n, L, C) the first is taken as the class token, unless L is a square number: then they
            are the patches of a square image alone, and are averaged.

    Raises:
        InputError: it is nothing of this kind.
    """
    while isinstance(outputs, tuple | list) and outputs:
        outputs = outputs[-1]
    if isinstance(outputs, Tensor) and outputs.ndim == 4:
        return outputs.mean((-2, -1))
    if isinstance(outputs, Tensor) and outputs.ndim == 3:
        return outputs.mean(1) if math.isqrt(L := outputs.shape[1]) ** 2 == L else outputs[:, 0]
    if isinstance(outputs, Tensor) and outputs.ndim == 2:
        return outputs
    found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
    raise InputError(
        f'the backbone gives {found}: it must give maps (n, C, H, W), tokens (n, L, C) or vectors '
        '(n, C); set model.backbone.out_type if it has one.'
    )


@MODELS.register_module()
class Pooling(nn.Module):
    """`pooled` as the neck of an `mmpretrain.ImageClassifier`."""

    def forward(self, outputs: Tensor | tuple | list) -> tuple[Tensor]:
        """What a backbone returns to a tuple of one (n, C)."""
        return (pooled(outputs),)


@MODELS.register_module()
class RawPixels(nn.Module):
    """A backbone that learns nothing: the pixels themselves, to compare features with."""

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """(n, 3, H, W) to a feature map (n, 3HW, 1, 1)."""
        return (images.flatten(1)[..., None, None],)
