"""What `mmbarlow export` is given: a backbone, with what is known of its images."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmpretrain.models import ResNet_CIFAR

from mmbarlow.apis import encoder_config_of, get_model
from mmbarlow.commands.backbones import config_beside, trained_size
from mmbarlow.config import nodes
from mmbarlow.config_files import read_config
from mmbarlow.convert.fitting import read_weights
from mmbarlow.datasets.scaled_image import values_in_words
from mmbarlow.datasets.values import values_of
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_size import channels_of, own_size
from mmbarlow.models.resnets import PooledResNet


@dataclass(frozen=True)
class Exportable:
    """The backbone to export."""

    path: Path
    encoder: Encoder  # on the CPU
    config: dict  # of its backbone
    size: tuple[int, int]  # of its images

    @classmethod
    def read(cls, path: Path, config: str | None, size: int | None) -> 'Exportable':
        """The config of the run says what the file does not.

        Raises:
            InputError: the file cannot be read, or does not say which network it is of.
        """
        if config is None and (beside := config_beside(path)):
            config = str(beside)
        weights = read_weights(path)
        with _quiet():
            own: Any = encoder_config_of(path, weights, config)['backbone']
            encoder: Any = get_model(path, config).cpu()
        usual = own_size(encoder.backbone) or _crops(config, path) or _usual(encoder.backbone)
        return cls(path, encoder, dict(own), (size, size) if size else usual)

    @property
    def pixels(self) -> dict[str, Any]:
        """Size of the images, mean and standard deviation of each channel, 0 to 255."""
        images: Any = self.encoder.data_preprocessor
        mean, std = getattr(images, 'mean', None), getattr(images, 'std', None)
        channels = channels_of(self.encoder.backbone) or 3
        pixels: dict[str, Any] = dict(size=self.size)
        for name, tensor, none in (('mean', mean, 0.0), ('std', std, 1.0)):
            numbers = [none] if tensor is None else tensor.flatten().tolist()
            pixels[name] = numbers * (channels if len(numbers) == 1 else 1)
        return pixels

    @property
    def images(self) -> str:
        """What the numbers in the images are, in words."""
        return values_in_words(values_of(**self.encoder.images))

    @property
    def swapped(self) -> bool:
        return bool(getattr(self.encoder.data_preprocessor, '_channel_conversion', False))


def _crops(config: str | None, path: Path) -> tuple[int, int] | None:
    """Size of the views in a pretraining config, or else in that beside a backbone."""
    if config is None:
        return (size, size) if (size := trained_size(path)) else None
    cfg = read_config(config)
    made_on_device = cfg.get('model', {}).get('data_preprocessor') or {}
    places = [*nodes(cfg.get('train_dataloader') or {}), made_on_device]
    size = next((n['size'] for n in places if isinstance(n.get('size'), int)), None)
    return (size, size) if size else None


def _usual(backbone: torch.nn.Module) -> tuple[int, int]:
    small = isinstance(backbone, ResNet_CIFAR) and not isinstance(backbone, PooledResNet)
    return (32, 32) if small else (224, 224)


@contextmanager
def _quiet() -> Iterator[None]:
    """mmpretrain tells in its log what timm's networks consist of."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
