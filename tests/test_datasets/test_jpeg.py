"""Decoding at a lower resolution, where no view can tell."""

import io

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets import jpeg
from mmbarlow.datasets.view import INTERPOLATIONS
from mmbarlow.datasets.view_ops import crop_and_resize


def test_pixels_are_those_of_pillow(photographs):
    data = photographs[0].read_bytes()
    width, height = jpeg.size_of(data)
    theirs = np.asarray(Image.open(photographs[0]))
    assert theirs.shape == (height, width, 3)
    assert np.array_equal(jpeg.decode(data, width, height), theirs)


@pytest.mark.parametrize('interpolation', INTERPOLATIONS)
@pytest.mark.parametrize('factor', [2, 4])
def test_a_crop_large_enough_looks_the_same_from_a_smaller_decoding(
    photographs, factor, interpolation
):
    """Mean difference at most 2 of 255 at the margin, and at most 1 at twice of it."""
    for path in photographs:
        data = path.read_bytes()
        width, height = jpeg.size_of(data)
        box = np.array([16, 8, 384, 384])
        small = jpeg.decode(data, width, height, factor)
        assert small.shape == (-(-height // factor), -(-width // factor), 3)
        for spare, most in ((1, 2.0), (2, 1.0)):
            size = int(384 / (factor * jpeg.MARGIN * spare))
            full = crop_and_resize(jpeg.decode(data, width, height), box, size, interpolation)
            reduced = crop_and_resize(small, box // factor, size, interpolation)
            assert np.abs(full.astype(int) - reduced).mean() < most


@pytest.mark.parametrize(('side', 'factor'), [(100, 1), (447, 1), (448, 2), (900, 4), (9999, 8)])
def test_the_smaller_crop_decides(side, factor):
    boxes = np.array([[0, 0, 10000, 10000], [5, 5, 10000, side]])
    assert jpeg.reduction(boxes, size=112) == factor


@pytest.mark.parametrize('data', [b'', b'\xff\xd8', b'GIF89a', b'\xff\xd8\xff\xe0rubbish'])
def test_what_is_no_jpeg_has_no_size(data):
    assert jpeg.size_of(data) is None


def test_cmyk_is_left_to_pillow():
    file = io.BytesIO()
    Image.new('CMYK', (8, 8)).save(file, 'JPEG')
    assert jpeg.size_of(file.getvalue()) is None


def test_a_truncated_file_is_not_decoded(photographs):
    data = photographs[0].read_bytes()
    assert jpeg.decode(data[: len(data) // 2], *jpeg.size_of(data)) is None
