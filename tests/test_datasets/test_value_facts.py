"""What is measured of the numbers of a data set, against NumPy on all of them."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.number_counts import NumberCounts
from mmbarlow.datasets.value_facts import measure_values
from mmbarlow.datasets.value_range import range_of
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import BrokenImage, InputError

SHARES = (0, 0.1, 37.3, 50, 99.9, 100)


def folder(path: Path, images: np.ndarray) -> ImageFolder:
    path.mkdir(exist_ok=True)
    for i, x in enumerate(images):
        tifffile.imwrite(path / f'{i}.tif', x, photometric='minisblack', planarconfig='contig')
    return ImageFolder(str(path))


def twelve_bits(channels: int = 2) -> np.ndarray:
    x = np.random.default_rng(0).beta(2, 4, (9, 40, 30, channels)) * np.linspace(1, 0.5, channels)
    return (x * 4095).astype(np.uint16)


@pytest.mark.parametrize('dtype', ['uint8', 'int16', 'uint16', 'int32', 'float32'])
def test_percentiles_are_those_of_numpy_however_images_are_shared_out(dtype):
    images = (np.random.default_rng(1).normal(100, 20, (6, 30, 25, 2))).astype(dtype)
    whole, parts = NumberCounts(dtype, 2), [NumberCounts(dtype, 2) for _ in range(3)]
    for i, image in enumerate(images):
        whole.add(image, '')
        parts[i % 3].add(image, '')
    for part in parts[1:]:
        parts[0].merge(part)
    wanted = np.percentile(images.reshape(-1, 2), SHARES, axis=0).T
    for numbers in (whole, parts[0]):
        np.testing.assert_allclose(numbers.percentiles(SHARES), wanted, rtol=1e-12)
        assert numbers.images == 6


def test_a_sample_of_floats_stays_small_and_near(monkeypatch):
    monkeypatch.setattr('mmbarlow.datasets.number_counts.KEPT', 5000)
    images = np.random.default_rng(2).random((40, 50, 40, 1)).astype(np.float32)
    numbers = NumberCounts(np.dtype('float32'), 1)
    for image in images:
        numbers.add(image, '')
    assert numbers.kept.shape[1] <= 5000
    assert (numbers.low[0], numbers.high[0]) == (images.min(), images.max())
    assert (
        np.abs(numbers.percentiles(SHARES)[0, 1:5] - np.percentile(images, SHARES[1:5])).max()
        < 0.03
    )


def test_range_mean_and_deviation_are_those_of_all_pixels(tmp_path):
    images = twelve_bits()
    dataset, pixels = folder(tmp_path / 'a', images), images.reshape(-1, 2).astype(float)
    ends = np.percentile(pixels, (0.1, 99.9), axis=0)
    for name, low, high in (
        (None, np.floor(ends[0]), np.ceil(ends[1])),
        ('data', pixels.min(0), pixels.max(0)),
        ((0, 4095), np.zeros(2), np.full(2, 4095)),
    ):
        facts = measure_values(dataset, name)
        assert facts.values == values_of(2, list(zip(low, high, strict=True)))
        scaled = 255 * ((pixels - low) / (high - low)).clip(0, 1)
        np.testing.assert_allclose(facts.mean, scaled.mean(0), rtol=1e-5)
        np.testing.assert_allclose(facts.std, scaled.std(0), rtol=1e-5)
    assert facts.config_lines()[0] == 'channels=2, range=(0, 4095)'
    assert facts.config_lines()[2] == 'in_channels=2'


def test_eight_bits_of_gray_and_rgb_stay_as_they_are(tmp_path):
    rng = np.random.default_rng(3)
    rgb, gray = rng.integers(0, 256, (8, 9, 3), np.uint8), rng.integers(0, 256, (8, 9), np.uint8)
    Image.fromarray(rgb).save(tmp_path / 'a.png')
    Image.fromarray(gray).save(tmp_path / 'b.png')
    facts = measure_values(ImageFolder(str(tmp_path)))
    pixels = np.concatenate([rgb, np.dstack([gray] * 3)]).reshape(-1, 3).astype(float)
    assert facts.values is None
    np.testing.assert_allclose(facts.mean, pixels.mean(0))
    np.testing.assert_allclose(facts.std, pixels.std(0))
    assert len(facts.config_lines()) == 1


@pytest.mark.parametrize(
    ('range_', 'channels', 'message'),
    [
        ('dtype', None, r"range='dtype' leaves the images 1\d of 255 levels: .*\(12 of 16 bits\)"),
        (
            (0, 900),
            None,
            r'range=\(0, 900\) cuts off \d\d\.\d % of the pixels, and 5 % is',
        ),
        (None, 3, 'the images are 9 of 2 channels, where channels=3 is set: set channels=2'),
    ],
)
def test_a_range_that_does_not_fit_is_told_with_one_that_does(tmp_path, range_, channels, message):
    with pytest.raises(InputError, match=message):
        measure_values(folder(tmp_path / 'a', twelve_bits()), range_, channels)


def test_different_channels_equal_numbers_and_no_numbers_are_told(tmp_path):
    dataset = folder(tmp_path / 'a', np.zeros((3, 8, 8), np.uint16))
    with pytest.raises(InputError, match='between the percentiles 0.1 and 99.9 of a channel all'):
        measure_values(dataset)
    tifffile.imwrite(
        tmp_path / 'a' / '3.tif',
        np.zeros((8, 8, 5), np.uint8),
        photometric='minisblack',
        planarconfig='contig',
    )
    with pytest.raises(InputError, match=r'\(3 of 1 channel, 1 of 5 channels\), and a network'):
        measure_values(ImageFolder(str(tmp_path / 'a')))
    with pytest.raises(BrokenImage, match='NaN or infinite numbers'):
        values_of(1).scale(np.full((2, 2, 1), np.nan, np.float32), 'a.tif')
    nan = folder(tmp_path / 'n', np.full((3, 8, 8), np.inf, np.float32))
    with pytest.raises(InputError, match=r'no image can be read, .*0\.tif \(NaN or infinite'):
        measure_values(nan)


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int16', 'int32', 'uint32', 'float32'])
def test_scaling_is_the_formula_in_float64(dtype):
    x = (np.random.default_rng(4).random((7, 6, 2)) * 200).astype(dtype)
    for pairs in ([(20, 150), (0, 99.5)], [(-5, 120), (3, 200)]):
        low, high = np.array(pairs, float).T
        wanted = 255 * ((x.astype(float) - low) / (high - low)).clip(0, 1)
        np.testing.assert_allclose(values_of(2, pairs).scale(x), wanted, rtol=1e-5, atol=1e-4)
    ends = (0, 1) if dtype == 'float32' else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    wanted = 255 * ((x.astype(float) - ends[0]) / (ends[1] - ends[0])).clip(0, 1)
    np.testing.assert_allclose(values_of(2).scale(x), wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ('channels', 'range_', 'message'),
    [
        (0, None, 'channels=0: give a whole number from 1 up'),
        (1, 'data', "range='data' is measured once .* `mmbarlow verify FOLDER --range data`"),
        (1, 'all', "range='all' is unknown"),
        (1, (5, 5), 'two finite numbers'),
        (3, [(0, 1), (0, 2)], 'range has 2 pairs and channels=3'),
    ],
)
def test_options_without_a_meaning_are_told(channels, range_, message):
    with pytest.raises(InputError, match=message):
        values_of(channels, range_)


def test_the_range_of_a_command_is_a_word_or_two_numbers():
    assert values_of(None) is None
    assert values_of(2, values_of(2, (1, 5)).range) == values_of(2, (1, 5))
    assert range_of('data') == 'data'
    assert range_of('percentiles,1,99') == ('percentiles', 1, 99)
    assert range_of('-1000,400') == (-1000, 400)
    with pytest.raises(InputError, match='--range 5,1: give dtype, data, percentiles'):
        range_of('5,1')
