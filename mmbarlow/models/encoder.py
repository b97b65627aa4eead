"""What is left of a twin when the pretraining is over: images in, representations out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.image_channels import check_image_channels, check_means
from mmbarlow.models.image_size import channels_of
from mmbarlow.models.pooling import check_pool, kind_of, last_output, layout_of, pooled
from mmbarlow.registry import MODELS

DESCRIBED = ('backbone', 'data_preprocessor', 'pool')  # of a model: what its encoder is built from


@MODELS.register_module()
class Encoder(BaseModel):
    """A backbone with its pooling and the preprocessing it was trained with.

    'we refer to the output of the encoder as the representations and the output of the projector
    as the embeddings. The representations are used for downstream tasks.' (section 2.2)

    Args:
        backbone: config of a backbone that returns anything that `pooled` takes.
        data_preprocessor: config of the preprocessor that normalizes images on the device.
        pool: how that becomes vectors: 'auto', 'map', 'cls', 'tokens' or 'none', see `pooled`.
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
        pool: str = 'auto',
        images: dict | None = None,
    ) -> None:
        check_pool(pool)
        check_means(data_preprocessor or {})
        super().__init__(data_preprocessor=data_preprocessor)
        self.pool = self.pooled_as = pool  # what was asked for, and what it has come to mean
        self.backbone = MODELS.build(backbone)
        self.images = dict(images or {})
        self.layout = torch.contiguous_format
        if channels_last:
            self.hold_channels_last()
        self._channels, self._config = channels_of(self.backbone), backbone
        # Before they are normalized: a preprocessor makes three channels of one by itself.
        check = partial(_check_inputs, wanted=self._channels, config=backbone)
        self.data_preprocessor.register_forward_pre_hook(check)
        self.watchers: list[Callable[[Tensor], object]] = []  # are shown all representations

    def hold_channels_last(self) -> None:
        """From now on as with `channels_last=True`."""
        self.layout = torch.channels_last
        self.backbone.to(memory_format=self.layout)

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
        return self.pooled(self.backbone(inputs.contiguous(memory_format=self.layout)))

    def pooled(self, outputs: Any) -> Tensor:
        """Representations (n, C) from what the backbone returns."""
        last, layout = last_output(outputs), layout_of(self.backbone)
        self.pooled_as = kind_of(last, self.pool, layout)
        represented = pooled(last, self.pool, layout)
        for show in self.watchers:
            show(represented)
        return represented

    def check_channels(self, images: Tensor) -> None:
        check_image_channels(images.shape[1], self._channels, None, self._config)


def _check_inputs(
    preprocessor: nn.Module, data: tuple[dict, ...], wanted: int | None, config: dict
) -> None:
    inputs = data[0]['inputs']
    for images in inputs if isinstance(inputs, list) else [inputs]:
        if images.ndim > 2:  # packed ones, in one row, are RGB
            check_image_channels(images.shape[-3], wanted, preprocessor, config)


@MODELS.register_module()
class RawPixels(nn.Module):
    """A backbone that learns nothing: the pixels themselves, to compare features with."""

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """(n, C, H, W) to a feature map (n, CHW, 1, 1)."""
        return (images.flatten(1)[..., None, None],)
