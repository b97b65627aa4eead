"""The two views: what they return, their distribution, and what they say of a wrong option."""

import random

import numpy as np
import pytest
from PIL import Image, ImageOps
from torchvision.transforms import RandomResizedCrop

from mmbarlow.datasets import CenterView, TwinViews
from mmbarlow.datasets.twin_views import View
from mmbarlow.errors import InputError

STILL = dict(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter=0.0, gray=0.0)


def photograph(height=40, width=40, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_two_views_of_the_size_asked_for_come_out():
    random.seed(0)
    views = TwinViews(size=24, view_a=dict(), view_b=dict()).transform(dict(img=photograph()))
    assert [v.shape for v in views['img']] == [(24, 24, 3)] * 2
    assert views['img'][0].dtype == np.uint8
    assert not np.array_equal(*views['img'])


def test_without_distortions_the_view_is_the_image():
    image = photograph()
    (view, _) = TwinViews(40, STILL, STILL).transform(dict(img=image))['img']
    assert np.array_equal(view, image)


@pytest.mark.parametrize(
    ('option', 'reference'),
    [
        (dict(flip=1.0), lambda x: ImageOps.mirror(x)),
        (dict(gray=1.0), lambda x: x.convert('L').convert('RGB')),
        (dict(solarize=1.0), lambda x: ImageOps.solarize(x, 128)),
    ],
)
def test_each_distortion_is_that_of_pillow(option, reference):
    image = photograph()
    (view, _) = TwinViews(40, STILL | option, STILL).transform(dict(img=image))['img']
    assert np.array_equal(view, np.asarray(reference(Image.fromarray(image))))


def test_crops_have_the_distribution_of_torchvision():
    """Mean and deviation of area and log ratio over 4,000 draws, on a wide image."""
    random.seed(0)
    image = Image.new('RGB', (500, 300))
    ours = np.array([View()._crop(image).size for _ in range(4000)], dtype=float)
    boxes = [RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)]
    theirs = np.array([(w, h) for _, _, h, w in boxes], dtype=float)

    def statistics(sizes):
        area, ratio = sizes.prod(1) / (500 * 300), np.log(sizes[:, 0] / sizes[:, 1])
        return np.array([area.mean(), area.std(), ratio.mean(), ratio.std()])

    assert np.abs(statistics(ours) - statistics(theirs)).max() < 0.02


def test_probabilities_are_those_of_the_config():
    """Solarize at 0.2 inverts a white image one time in five."""
    random.seed(0)
    white = Image.new('RGB', (8, 8), 'white')
    view = View(**STILL, solarize=0.2)
    dark = sum(view(white, 8).getpixel((0, 0)) == (0, 0, 0) for _ in range(2000))
    assert dark / 2000 == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize('mode', ['L', 'LA', 'RGBA', 'P', 'CMYK', '1'])
def test_files_of_any_mode_become_rgb(mode, tmp_path):
    path = tmp_path / ('image.jpg' if mode == 'CMYK' else 'image.png')
    Image.fromarray(photograph()).convert(mode).save(path)
    views = TwinViews(16, dict(), dict()).transform(dict(img_path=path))['img']
    assert all(view.shape == (16, 16, 3) for view in views)


def test_a_misspelt_option_names_those_there_are():
    with pytest.raises(InputError, match='solarise.*a view has .*solarize'):
        TwinViews(16, dict(solarise=0.2), dict())


def test_the_view_of_evaluation_is_the_centre():
    image = np.zeros((60, 100, 3), np.uint8)
    image[15:45, 35:65] = 255
    view = CenterView(size=30, resize=60).transform(dict(img=image))['img']
    assert view.min() == 255
