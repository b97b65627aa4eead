"""Images of channels that a network or its normalization does not take are one sentence."""

from types import SimpleNamespace

import pytest
import torch
from mmpretrain.models import SelfSupDataPreprocessor

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_channels import check_image_channels
from mmbarlow.models.image_size import channels_of
from mmbarlow.registry import MODELS

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
ONE_MEAN = 'model.data_preprocessor.mean and std with a number for each channel'


def means(number: int, **options) -> SimpleNamespace:
    return SimpleNamespace(mean=torch.zeros(number, 1, 1), **options)


@pytest.mark.parametrize(
    ('found', 'wanted', 'preprocessor', 'says'),
    [
        (1, 3, means(3), f'1 channel and the backbone takes 3: set KEY=1 and {ONE_MEAN}, or chan'),
        (1, 1, means(3), 'model.data_preprocessor.mean and std have 3: set '),
        (3, 1, means(1), 'the backbone takes 1: set KEY=3, or channels=1 of the transforms'),
        (13, 3, means(3), f'KEY=13 and {ONE_MEAN}, of type mmbarlow.ChannelsPreprocessor.'),
        (13, 13, means(3), f'std have 3: set {ONE_MEAN}, of type mmbarlow.ChannelsPreprocessor.'),
        (13, 13, means(13, _channel_conversion=True), 'bgr_to_rgb, rgb_to_bgr and to_rgb in it'),
        (3, 13, None, 'the images have 3 channels and the backbone takes 13: set KEY=3.'),
    ],
)
def test_the_sentence_names_the_key(found, wanted, preprocessor, says):
    with pytest.raises(InputError) as caught:
        check_image_channels(found, wanted, preprocessor, RESNET)
    assert says.replace('KEY', 'model.backbone.in_channels') in str(caught.value)


@pytest.mark.parametrize(
    ('found', 'wanted', 'preprocessor'),
    [
        (3, 3, means(3)),
        (3, 3, means(1)),  # one mean for all channels, as MMEngine has it
        (13, 13, means(13)),
        (13, None, means(1)),
        (3, 3, SelfSupDataPreprocessor()),
        (3, 3, SelfSupDataPreprocessor(mean=[0.0] * 3, std=[1.0] * 3, bgr_to_rgb=True)),
    ],
)
def test_what_fits_passes(found, wanted, preprocessor):
    check_image_channels(found, wanted, preprocessor, RESNET)


@pytest.mark.parametrize(
    ('backbone', 'key'),
    [
        (dict(type='mmpretrain.TIMMBackbone', model_name='resnet18'), 'in_channels'),
        (dict(type='mmpretrain.HiViT', arch='tiny'), 'in_chans'),
        (dict(type='mmpretrain.VisionTransformer', arch='deit-tiny'), 'in_channels'),
    ],
)
def test_the_key_that_is_named_is_the_one_that_helps(backbone, key):
    with pytest.raises(InputError, match=rf'set model.backbone.{key}=5\.'):
        check_image_channels(5, 3, None, backbone)
    assert channels_of(MODELS.build({**backbone, key: 5})) == 5


def test_a_network_without_such_a_key_gets_another_first_convolution():
    with pytest.raises(InputError, match="type='mmbarlow.OtherChannels', in_channels=5"):
        check_image_channels(5, 3, None, dict(type='mmpretrain.VGG', depth=11))


def test_an_encoder_does_not_let_its_preprocessor_make_three_channels_of_one():
    pixels = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3)
    encoder = Encoder(RESNET, pixels)
    for inputs in (torch.zeros(2, 1, 32, 32), [torch.zeros(2, 1, 32, 32)] * 2):
        with pytest.raises(InputError, match='1 channel and the backbone takes 3'):
            encoder.data_preprocessor(dict(inputs=inputs, data_samples=None))


def test_thirteen_means_need_the_preprocessor_that_takes_them():
    pixels = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[1.0] * 13, std=[1.0] * 13)
    with pytest.raises(InputError, match='has 13 numbers.*mmbarlow.ChannelsPreprocessor'):
        Encoder(dict(RESNET, in_channels=13), pixels)
