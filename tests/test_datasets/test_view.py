"""What is drawn for a view has the distribution of torchvision's transforms."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import chisquare, ks_2samp
from torchvision.transforms import ColorJitter, RandomResizedCrop

from mmbarlow.datasets.sample_random import uniforms
from mmbarlow.datasets.view import NUMBERS, Drawn, Views
from mmbarlow.errors import InputError

DRAWS = 10000
pytestmark = pytest.mark.filterwarnings('ignore:ks_2samp')
WIDTH, HEIGHT = 500, 300


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)  # of torchvision's draws


def draw(width=WIDTH, height=HEIGHT, n=DRAWS, **view) -> Drawn:
    """n draws of one view."""
    keys = np.stack([np.zeros(n), np.arange(n) // 100, np.arange(n)], 1)
    return Views(view).draw(uniforms(keys, 1, NUMBERS), width, height)


def same(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ks_2samp(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize(('width', 'height'), [(WIDTH, HEIGHT), (32, 32), (1000, 90)])
def test_crops_are_those_of_torchvision(width, height):
    """The last size is so wide that many draws end in the centered crop."""
    image = Image.new('L', (width, height))
    params = [RandomResizedCrop.get_params(image, [0.08, 1], [3 / 4, 4 / 3]) for _ in range(DRAWS)]
    top, left, h, w = np.array(params, float).T
    ours = draw(width, height).box[0].T.astype(float)
    for a, b in zip(ours, (left, top, w, h), strict=True):
        same(a, b)
    same(ours[2] * ours[3], w * h)
    same(ours[2] / ours[3], w / h)


def test_factors_and_the_hue_are_those_of_torchvision():
    jitter = ColorJitter(0.4, 0.4, 0.2, 0.1)
    params = [
        ColorJitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        for _ in range(DRAWS)
    ]
    theirs = np.array([p[1:] for p in params], float)
    ours = draw(jitter=1.0).jitter[0]
    for i in range(4):
        same(ours[:, i], theirs[:, i])


def test_every_order_of_the_steps_is_as_likely():
    _, counts = np.unique(draw().order[0], axis=0, return_counts=True)
    assert len(counts) == 24
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize('name', ['flip', 'gray', 'solarize'])
@pytest.mark.parametrize('probability', [0.0, 0.2, 1.0])
def test_probabilities_are_those_asked_for(name, probability):
    share = getattr(draw(**{name: probability}), name)[0].mean()
    assert share == pytest.approx(probability, abs=4 * np.sqrt(0.2 * 0.8 / DRAWS))


def test_the_jitter_leaves_one_image_in_five_as_it_is():
    neutral = (draw().jitter[0] == [1, 1, 1, 0]).all(1)
    assert neutral.mean() == pytest.approx(0.2, abs=0.016)


def test_the_blur_is_uniform_where_there_is_one():
    sigma = draw(blur=0.3).sigma[0]
    same(sigma[sigma > 0], np.random.default_rng(0).uniform(0.1, 2.0, DRAWS))
    assert (sigma > 0).mean() == pytest.approx(0.3, abs=0.02)


def test_steps_are_independent_of_each_other():
    drawn = draw(blur=0.5, solarize=0.5, jitter=1.0, rotate=10)
    single = [drawn.angle, drawn.flip, drawn.gray, drawn.sigma, drawn.solarize]
    columns = np.column_stack([*(x[0] for x in single), drawn.jitter[0], drawn.box[0, :, 2:]])
    off = np.corrcoef(columns.T.astype(float)) - np.eye(columns.shape[1])
    off[-1, -2] = off[-2, -1] = 0  # width and height of a crop share its area
    assert np.abs(off).max() < 0.05


def test_each_view_has_its_own_distribution():
    keys = np.stack([np.zeros(100), np.zeros(100), np.arange(100)], 1)
    drawn = Views(dict(blur=1.0), dict(solarize=1.0)).draw(uniforms(keys, 2, NUMBERS), 40, 30)
    assert (drawn.sigma[0] > 0).all()
    assert not drawn.sigma[1].any()
    assert drawn.solarize[1].all()
    assert not drawn.solarize[0].any()
    assert (drawn.box[0] != drawn.box[1]).any()


def test_images_of_different_sizes_have_crops_of_their_own():
    keys = np.stack([np.zeros(50), np.zeros(50), np.arange(50)], 1)
    width, height = np.full(50, 20), np.arange(10, 60)
    box = Views(dict()).draw(uniforms(keys, 1, NUMBERS), width, height).box[0]
    assert (box >= 0).all()
    assert (box[:, 2:] > 0).all()
    assert (box[:, 0] + box[:, 2] <= width).all()
    assert (box[:, 1] + box[:, 3] <= height).all()


@pytest.mark.parametrize(
    ('view', 'message'),
    [
        (dict(solarise=0.2), 'solarise.*a view has rotate, .*solarize'),
        (dict(flip=1.5), 'flip=1.5.*from 0 to 1'),
        (dict(crop_scale=(0.5, 0.1)), r'crop_scale=\(0.5, 0.1\).*a range'),
        (dict(crop_scale=0.5), 'crop_scale=0.5.*a range'),
        (dict(hue=0.6), 'hue=0.6.*from 0 to 0.5'),
        (dict(brightness=-0.1), 'brightness=-0.1'),
    ],
)
def test_what_a_view_cannot_be_is_said(view, message):
    with pytest.raises(InputError, match=message):
        Views(view)
