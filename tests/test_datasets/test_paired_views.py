"""Views of both images of a pair."""

import numpy as np
import pytest
import tifffile
from mmengine.dataset import Compose
from PIL import Image

from mmbarlow.datasets.paired_images import PairedImages
from mmbarlow.datasets.paired_views import PairedViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import InputError

PLAIN = dict(jitter=0.0, gray=0.0)  # geometry alone


def sample(first, second, epoch: int = 0) -> dict:
    index = SampleIndex(0, Key(0, epoch, 0))
    return dict(img_path=str(first), pair_path=str(second), sample_idx=index)


def test_a_pair_of_an_image_with_itself_has_the_views_of_twin_views(photographs, tmp_path):
    views = dict(blur=1.0), dict(blur=0.1, solarize=0.2)
    for path in photographs:  # a JPEG file is decoded no larger than its views need it
        Image.open(path).reduce(4).save(tmp_path / f'{path.stem}.png')
    china, flower = (tmp_path / f'{name}.png' for name in ('china', 'flower'))
    twins, pairs = TwinViews(48, *views), PairedViews(48, *views)
    for epoch in range(3):
        wanted = twins.transform(sample(china, china, epoch))['img']
        made = pairs.transform(sample(china, china, epoch))['img']
        assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))
        mixed = pairs.transform(sample(china, flower, epoch))['img']
        assert np.array_equal(mixed[0], wanted[0])
        other = twins.transform(sample(flower, flower, epoch))['img']
        assert np.array_equal(mixed[1], other[1])


def test_registered_images_show_the_same_pixels_in_each_view(tmp_path):
    """Of a picture and its negative, one gray and one RGB, one JPEG-free format each."""
    rng = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
    gray = np.clip(ramp + rng.integers(0, 60, ramp.shape), 0, 255).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / 'a.png')
    Image.fromarray(255 - np.stack([gray] * 3, -1)).save(tmp_path / 'b.png')
    view = dict(PLAIN, rotate=20)
    pair = tmp_path / 'a.png', tmp_path / 'b.png'
    shared = PairedViews(32, [view] * 2, [dict(view, crop_scale=(0.5, 0.6))] * 2, same_crop=True)
    apart = PairedViews(32, [view] * 2, [view] * 2)
    for epoch in range(5):
        made = [v.astype(int) for v in shared.transform(sample(*pair, epoch))['img']]
        for a, b in zip(made[:2], made[2:], strict=True):
            inside = (a + b > 200).all(-1)  # rotation fills both with black
            assert inside.mean() > 0.5
            assert np.median(np.abs(a + b - 255)[inside]) <= 1  # mixed with black at the border
        assert not np.array_equal(made[0], made[1])
        first, _, second, _ = apart.transform(sample(*pair, epoch))['img']
        assert np.abs(first.astype(int) + second - 255).mean() > 3


def test_images_of_one_shape_and_two_resolutions_show_the_same_region(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 96), (96, 1)).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / 'fine.png')
    Image.fromarray(ramp).resize((32, 32), Image.Resampling.BOX).save(tmp_path / 'coarse.png')
    pairs = PairedViews(32, PLAIN, PLAIN, same_crop=True)
    for epoch in range(5):
        a, b = pairs.transform(sample(tmp_path / 'fine.png', tmp_path / 'coarse.png', epoch))['img']
        assert np.abs(a.astype(int) - b).mean() < 8  # a pixel of the coarse one


def test_the_images_of_a_pair_have_their_own_channels_and_ranges(tmp_path):
    """s = 255 (x - low) / (high - low), against float64, through a crop of the whole image."""
    rng = np.random.default_rng(0)
    sar = rng.normal(-12, 4, (16, 16, 2)).astype(np.float32)
    optical = rng.integers(0, 4096, (16, 16, 13), dtype=np.uint16)
    stored = dict(photometric='minisblack', planarconfig='contig')
    tifffile.imwrite(tmp_path / 'a.tif', sar, **stored)
    tifffile.imwrite(tmp_path / 'b.tif', optical, **stored)
    whole = dict(PLAIN, crop_scale=(1, 1), crop_ratio=(1, 1), flip=0.0, interpolation='bilinear')
    pairs = PairedViews(
        16, whole, whole, channels=(2, 13), range=([(-25, 0), (-30, -5)], (0, 4095))
    )
    a, b = pairs.transform(sample(tmp_path / 'a.tif', tmp_path / 'b.tif'))['img']
    low, high = np.array([-25.0, -30]), np.array([0.0, -5])
    wanted = np.clip(255 * (sar.astype(float) - low) / (high - low), 0, 255)
    np.testing.assert_allclose(a, wanted, atol=1e-3)
    np.testing.assert_allclose(b, optical * (255 / 4095), atol=1e-3)


def test_a_pair_with_a_broken_image_is_replaced_whole_and_named(tmp_path):
    for folder in 'ab':
        (tmp_path / folder).mkdir()
        for i in range(4):
            Image.new('RGB', (8, 8), (60 * i, 0, 0)).save(tmp_path / folder / f'{i}.png')
    (tmp_path / 'b' / '2.png').write_bytes(b'no image')
    steps = Compose([PairedViews(8, PLAIN, PLAIN)])
    dataset = PairedImages(str(tmp_path), folders=('a', 'b'))
    dataset.pipeline = steps
    made = dataset[SampleIndex(2, Key(0, 0, 2))]
    assert set(made['skipped']) == {(str(tmp_path / 'b' / '2.png'), 'no image')}
    a, b = made['img']
    assert a.max() == b.max() != 120


def test_registered_images_of_two_shapes_are_no_pair(tmp_path):
    Image.new('L', (8, 12)).save(tmp_path / 'a.png')
    Image.new('L', (12, 8)).save(tmp_path / 'b.png')
    pairs = PairedViews(8, PLAIN, PLAIN, same_crop=True)
    assert pairs.transform(sample(tmp_path / 'a.png', tmp_path / 'b.png')) is None
    assert pairs.skipper.failed == [
        (str(tmp_path / 'b.png'), '12 x 8, and 8 x 12 the other of its pair: no common crop')
    ]


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (dict(view_a=[], view_b={}), 'give each at least one'),
        (dict(view_a=[{}, {}], view_b={}, same_crop=True), 'with same_crop=True equal numbers'),
        (dict(view_a={}, view_b={}, channels=3), 'such as channels=(3, 13)'),
        (dict(view_a={}, view_b={}, range='dtype'), 'give one for each of the two images'),
        (dict(view_a={}, view_b={}, range=('data', None)), 'is measured once for all images'),
        (dict(view_a=dict(zoom=2), view_b={}), 'a view has'),
    ],
)
def test_options_that_make_no_views_end_in_a_sentence(options, says):
    with pytest.raises(InputError) as error:
        PairedViews(8, **options)
    assert says in str(error.value)
