"""Images of any depth and number of channels: from views through a step to a file and back."""

import json

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.dataset import default_collate

from mmbarlow.apis import extract_features, get_model
from mmbarlow.checkpoints import export_backbone
from mmbarlow.datasets.batch_twin_views import training_batch
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.channels_preprocessor import ChannelsPreprocessor
from mmbarlow.registry import TRANSFORMS

KINDS = [
    (1, 'uint16', (0, 4095)),
    (2, 'int16', (-1000, 3000)),
    (3, 'uint8', (0, 255)),
    (4, 'float32', (-0.5, 2.0)),
    (5, 'uint16', [(0, 4095), (0, 1000), (5, 4000), (0, 2047), (0, 65535)]),
    (13, 'uint16', 'dtype'),
]


def twins(channels: int) -> BarlowTwins:
    torch.manual_seed(0)
    backbone = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
    pixels = dict(mean=[120.0 + c for c in range(channels)], std=[60.0] * channels)
    return BarlowTwins(
        backbone=dict(backbone, in_channels=channels),
        neck=dict(
            type='mmbarlow.BarlowTwinsNeck',
            **dict(in_channels=64, hid_channels=16, out_channels=16),
        ),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=16),
        data_preprocessor=dict(type='mmbarlow.ChannelsPreprocessor', **pixels),
    )


def images_of(channels: int, dtype: str, number: int = 8) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    whole = 1.0 if dtype.startswith('float') else 2000 if dtype.endswith('16') else 255
    return [(rng.random((40, 36, channels)) * whole).astype(dtype) for _ in range(number)]


@pytest.mark.parametrize(('channels', 'dtype', 'span'), KINDS)
def test_images_are_trained_on_exported_and_encoded_as_before(channels, dtype, span, tmp_path):
    views = dict(type='mmbarlow.TwinViews', size=32, view_a=dict(blur=1.0), view_b=dict())
    steps = [dict(views, channels=channels, range=span), dict(type='mmpretrain.PackInputs')]
    pipeline, images = Compose([TRANSFORMS.build(s) for s in steps]), images_of(channels, dtype)
    batch = default_collate(
        [pipeline(dict(img=image, sample_idx=i)) for i, image in enumerate(images)]
    )
    model = twins(channels)
    inputs = model.data_preprocessor(batch, True)['inputs']
    assert [tuple(x.shape) for x in inputs] == [(8, channels, 32, 32)] * 2
    loss = sum(model(inputs, mode='loss').values())
    loss.backward()
    assert torch.isfinite(loss)
    assert model.backbone.conv1.weight.grad.abs().sum() > 0
    model.eval()

    parts = dict(
        backbone=dict(
            type='mmpretrain.ResNet',
            **dict(depth=18, stem_channels=8, base_channels=8, in_channels=channels),
        ),
        data_preprocessor=dict(
            type='mmbarlow.ChannelsPreprocessor',
            mean=[120.0 + c for c in range(channels)],
            std=[60.0] * channels,
        ),
        images=dict(channels=channels, range=span),
    )
    path = tmp_path / 'a_backbone.pth'
    export_backbone(model.backbone, dict(encoder=json.dumps(parts)), path)
    found = extract_features(get_model(path), images, size=28, bar=False)
    view = CenterView(28, 32, channels=channels, range=span)
    shown = np.stack([view.transform(dict(img=image))['img'] for image in images])
    mean = np.array(parts['data_preprocessor']['mean'], np.float32)
    normal = torch.from_numpy((shown - mean) / 60).permute(0, 3, 1, 2)
    with torch.no_grad():
        wanted = model.backbone(normal)[-1].mean((2, 3))
    assert torch.allclose(found, wanted, atol=1e-4 * float(wanted.abs().max()))


def test_each_channel_has_its_own_mean_and_deviation():
    pixels = ChannelsPreprocessor(mean=[10.0, 20.0], std=[2.0, 4.0])
    found = pixels(dict(inputs=torch.full((1, 2, 3, 3), 30.0), data_samples=None))['inputs']
    assert found[0, :, 0, 0].tolist() == [10.0, 2.5]


def test_other_channels_than_those_of_the_mean_are_one_sentence():
    pixels = ChannelsPreprocessor(mean=[10.0] * 3, std=[2.0] * 3)
    with pytest.raises(InputError, match='5 channels and model.data_preprocessor.mean and std'):
        pixels(dict(inputs=[torch.zeros(2, 5, 8, 8)] * 2, data_samples=None))
    with pytest.raises(InputError, match='one number for each channel'):
        ChannelsPreprocessor(mean=[10.0], std=[2.0, 1.0])


def test_a_backbone_of_other_channels_says_the_key_to_set():
    with pytest.raises(InputError, match='set model.backbone.in_channels'):
        twins(3)([torch.zeros(2, 5, 32, 32)] * 2, mode='loss')


@pytest.mark.parametrize('images', [torch.zeros(2, 5, 8, 8), torch.zeros(2, 1, 8, 8).byte()])
def test_views_on_the_device_are_for_rgb_and_name_what_takes_others(images):
    with pytest.raises(InputError, match='for other channels or depths take mmbarlow.TwinViews'):
        training_batch(images)
