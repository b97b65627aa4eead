"""Two global views are those of TwinViews, and each view has the size and the crops of its kind."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from mmbarlow.datasets.batch_multi_views import BatchMultiViews
from mmbarlow.datasets.batch_twin_views import BatchTwinViews
from mmbarlow.datasets.multi_views import MultiViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import InputError

A, B = dict(blur=1.0), dict(blur=0.1, solarize=0.2)
LOCAL = dict(crop_scale=(0.05, 0.14))
SAMPLE = dict(sample_idx=SampleIndex(7, Key(3, 1, 7)))
COUNT = 12
KEYS = np.array([(3, 1, i) for i in range(COUNT)])
PIXELS = dict(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0])


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


@pytest.fixture(scope='module')
def photographs() -> torch.Tensor:
    """Parts of scikit-learn's photographs at 48 x 40 px, (n, 3, 48, 40)."""
    whole = Image.fromarray(load_sample_images().images[0])
    parts = [whole.crop((20 * i, 9 * i, 20 * i + 160, 9 * i + 192)) for i in range(COUNT)]
    small = [np.array(part.resize((40, 48), Image.Resampling.BICUBIC)) for part in parts]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2)


def test_two_global_views_of_a_batch_are_bit_for_bit_those_of_batch_twin_views(photographs):
    """Alone, and beside views of another size and more of their own."""
    twins = BatchTwinViews(32, A, B, **PIXELS).make(photographs, KEYS)
    for more in (dict(), dict(local_size=24, local_views=[LOCAL] * 2)):
        views = BatchMultiViews(32, [A, B], **PIXELS, **more).make(photographs, KEYS)
        assert all(map(torch.equal, views, twins))
        assert [v.shape[-1] for v in views[2:]] == [24] * (len(views) - 2)


@pytest.mark.parametrize('local_size', [16, 32])
def test_views_of_a_batch_are_those_that_multi_views_makes_of_each_image(photographs, local_size):
    """In levels of 255, mean over each view; MultiViews rounds to 8 bits after every step."""
    options = dict(global_views=[A, B, A], local_size=local_size, local_views=[LOCAL, dict(A)] * 2)
    batch = BatchMultiViews(32, **options, mean=[0.0] * 3, std=[1.0] * 3)
    found = batch.make(photographs, KEYS)
    make = MultiViews(32, **options).transform
    for i, image in enumerate(photographs.permute(0, 2, 3, 1).numpy()):
        wanted = make(dict(img=image, sample_idx=SampleIndex(i, Key(*KEYS[i].tolist()))))['img']
        assert len(wanted) == len(found) == 7
        for view, one in zip(found, wanted, strict=True):
            difference = view[i].numpy() - one.astype(float).transpose(2, 0, 1)
            assert np.abs(difference).mean() < 2


@pytest.mark.gpu
def test_a_gpu_makes_the_several_views_of_a_cpu(photographs):
    """In levels of 255: sums in another order, and TF32 where products are matrix products."""
    local = dict(local_size=16, local_views=[LOCAL] * 3)
    views = BatchMultiViews(32, [A, B], mean=[0.0] * 3, std=[1.0] * 3, **local)
    on_cpu = views.make(photographs, KEYS)
    for one, other in zip(views.cuda().make(photographs, KEYS), on_cpu, strict=True):
        assert (one.cpu() - other).abs().mean((1, 2, 3)).max() < 0.5


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
    with pytest.raises(InputError, match=says):
        BatchMultiViews(16, **options, **PIXELS)
