"""Two global views are those of TwinViews, and each view has the size and the crops of its kind."""

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.multi_views import MultiViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import InputError

A, B = dict(blur=1.0), dict(blur=0.1, solarize=0.2)
LOCAL = dict(crop_scale=(0.05, 0.14))
SAMPLE = dict(sample_idx=SampleIndex(7, Key(3, 1, 7)))


@pytest.fixture
def image(tmp_path):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(small).resize((800, 600)).save(tmp_path / 'a.jpg', quality=95)
    return dict(SAMPLE, img_path=str(tmp_path / 'a.jpg'))


def test_two_global_views_are_bit_for_bit_twin_views(image):
    twins = TwinViews(64, A, B).transform(dict(image))['img']
    views = MultiViews(64, [A, B]).transform(dict(image))['img']
    assert all(map(np.array_equal, views, twins))


def test_views_have_the_size_and_the_crops_of_their_kind(image):
    made = MultiViews(64, [A, B], local_size=32, local_views=[LOCAL] * 4)
    views, drawn = made.make(dict(image))
    assert [v.shape[0] for v in views] == [64, 64, 32, 32, 32, 32]
    share = drawn.box[..., 2:].prod(-1).ravel() / (800 * 600)
    assert (share[2:] < 0.15).all()
    assert len({v.tobytes() for v in views}) == 6


def test_channels_and_ranges_are_those_of_twin_views(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 4096, (40, 50, 2), dtype=np.uint16)
    np.save(tmp_path / 'a.npy', pixels)
    sample = dict(SAMPLE, img_path=str(tmp_path / 'a.npy'))
    options = dict(channels=2, range=(0, 4095))
    twins = TwinViews(16, {}, {}, **options).transform(dict(sample))['img']
    views = MultiViews(16, [{}, {}], 8, [{}], **options).transform(dict(sample))['img']
    assert all(map(np.array_equal, views[:2], twins))
    assert views[2].shape == (8, 8, 2)
    assert views[2].dtype == np.float32


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (dict(global_views=[A]), 'has 1 global_views and 0 local_views: give a global one'),
        (dict(global_views=[], local_size=8, local_views=[A] * 2), 'has 0 global_views'),
        (dict(global_views=[A], local_views=[A]), 'local_size=None: give both or neither'),
        (dict(global_views=[A, B], local_size=8), '0 local_views and local_size=8'),
        (dict(global_views=[A, dict(blurr=1)]), 'blurr'),
    ],
)
def test_bad_options_are_one_sentence(options, says):
    with pytest.raises(InputError, match=says):
        MultiViews(16, **options)
