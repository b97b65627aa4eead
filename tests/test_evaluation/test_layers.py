"""Features of other layers than the last."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from mmbarlow.benchmarks.suites import find_benchmarks
from mmbarlow.config import load_config
from mmbarlow.datasets.plain_views import WholeView
from mmbarlow.errors import InputError
from mmbarlow.evaluation.layers import LayerFeatures
from mmbarlow.models.encoder import Encoder

RESNET50 = dict(type='mmpretrain.ResNet', depth=50, out_indices=(0, 1, 2, 3))
IMAGES = dict(type='mmpretrain.SelfSupDataPreprocessor')


@pytest.mark.parametrize(
    ('layer', 'stage', 'window', 'numbers'), [('res4', 2, (8, 3), 9216), ('res5', 3, (6, 1), 8192)]
)
@torch.no_grad()
def test_a_layer_is_averaged_with_the_windows_of_vissl(layer, stage, window, numbers):
    encoder = Encoder(RESNET50, IMAGES).eval()
    images = torch.randn(2, 3, 224, 224)
    found = LayerFeatures(encoder, layer).eval()(images)
    assert found.shape == (2, numbers)
    wanted = F.avg_pool2d(encoder.backbone(images)[stage], *window).flatten(1)
    torch.testing.assert_close(found, wanted)


def test_a_layer_that_does_not_exist_and_a_network_without_layers_are_sentences():
    with pytest.raises(InputError, match="layer='res6' does not exist: take conv1, res2"):
        LayerFeatures(Encoder(RESNET50, IMAGES), 'res6')
    pixels = Encoder(dict(type='mmbarlow.RawPixels'), IMAGES)
    with pytest.raises(InputError, match='RawPixels has no stem and stages'):
        LayerFeatures(pixels, 'res5')


def test_the_low_shot_images_are_squeezed_at_once():
    """Pillow's own bilinear resize, pixel by pixel; by way of 256 px the result is smoother."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (375, 500, 3), dtype=np.uint8)
    wanted = Image.fromarray(image).resize((224, 224), Image.Resampling.BILINEAR)
    view = WholeView(224).transform(dict(img=image))['img']
    assert np.array_equal(view, np.asarray(wanted))
    assert WholeView(224, 256).transform(dict(img=image))['img'].std() < 0.95 * view.std()


def test_both_low_shot_benchmarks_are_those_of_vissl():
    layers = []
    for path in find_benchmarks(['lowshot-res4_voc07', 'lowshot_voc07']):
        cfg = load_config(path)
        layers.append(cfg.test_cfg.layer)
        for loader in (cfg.test_dataloader, cfg.test_cfg.bank_dataloader):
            assert loader.dataset.pipeline[0].size == 224
            assert loader.dataset.pipeline[0].resize is None
    assert layers == ['res4', 'res5']
