"""Normalization of images with any number of channels, on the device."""

from typing import cast

import torch
from mmpretrain.models import SelfSupDataPreprocessor
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


@MODELS.register_module()
class ChannelsPreprocessor(SelfSupDataPreprocessor):
    """`mmpretrain.SelfSupDataPreprocessor`, which has means of one or of three channels, for any.

    Args:
        mean, std: mean and standard deviation of each channel, 0 to 255.
        non_blocking: do not wait until images in pinned memory are on the device.

    Raises:
        InputError: they are of different numbers of channels, or images have other ones.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: list[float], std: list[float], non_blocking: bool = False) -> None:
        super().__init__(non_blocking=non_blocking)
        if len(mean) != len(std) or not all(value > 0 for value in std):
            raise InputError(
                f'data_preprocessor has mean={mean} and std={std}: give one number for each '
                'channel, and a std above 0.'
            )
        for name, numbers in dict(mean=mean, std=std).items():
            self.register_buffer(name, torch.tensor(numbers).float().view(-1, 1, 1), False)
        self._enable_normalize = True

    def forward(self, data: dict, training: bool = False) -> dict:
        """The `inputs`, normalized, and the `data_samples` for the model."""
        inputs: Tensor | list[Tensor] = data['inputs']
        channels = (inputs[0] if isinstance(inputs, list) else inputs).shape[1]
        if channels != len(self.mean):
            raise InputError(
                f'the images have {channels} channels and model.data_preprocessor.mean and std '
                f'have {len(self.mean)}: give one number for each channel.'
            )
        return cast(dict, super().forward(data, training))
