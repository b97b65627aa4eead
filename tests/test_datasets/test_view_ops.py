"""Each step of a view against Pillow and torchvision, with the same parameters, on photographs."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from mmbarlow.datasets import view_ops
from mmbarlow.datasets.view import INTERPOLATIONS, Drawn


def difference(ours: np.ndarray, theirs: Image.Image) -> float:
    """Mean absolute difference, of 255."""
    assert ours.dtype == np.uint8
    return float(np.abs(ours.astype(int) - np.asarray(theirs)).mean())


def bias(ours: np.ndarray, theirs: Image.Image) -> float:
    return float((ours.astype(int) - np.asarray(theirs)).mean())


@pytest.mark.parametrize(
    'box', [(0, 0, 1280, 427), (700, 100, 300, 250), (5, 7, 90, 120), (3, 3, 2, 1)]
)
@pytest.mark.parametrize('interpolation', INTERPOLATIONS)
def test_crop_and_resize_is_that_of_torchvision_on_a_pillow_image(photograph, box, interpolation):
    """What RandomResizedCrop does with a box: smaller than it, about as large, and larger."""
    left, top, width, height = box
    mode = InterpolationMode(interpolation)
    image = Image.fromarray(photograph)
    theirs = F.resized_crop(image, top, left, height, width, [224, 224], mode)
    ours = view_ops.crop_and_resize(photograph, box, 224, interpolation)
    assert difference(ours, theirs) < 0.02


@pytest.mark.parametrize('factor', [0.6, 0.95, 1.0, 1.05, 1.4])
@pytest.mark.parametrize(
    ('ours', 'theirs'),
    [
        (view_ops.brightness, ImageEnhance.Brightness),
        (view_ops.contrast, ImageEnhance.Contrast),
        (view_ops.saturation, ImageEnhance.Color),
    ],
)
def test_blends_are_those_of_pillow(photograph, ours, theirs, factor):
    view, reference = ours(photograph, factor), theirs(Image.fromarray(photograph)).enhance(factor)
    assert difference(view, reference) < 0.3
    assert abs(bias(view, reference)) < 0.3


@pytest.mark.parametrize('shift', [-0.1, -0.03, 0.05, 0.1, 0.5])
def test_hue_is_that_of_torchvision(photograph, shift):
    theirs = F.adjust_hue(Image.fromarray(photograph), shift)
    assert difference(view_ops.hue(photograph, shift), theirs) < 0.7


@pytest.mark.parametrize('sigma', [0.1, 0.3, 0.7, 1.2, 2.0])
def test_blur_is_that_of_pillow(photograph, sigma):
    theirs = Image.fromarray(photograph).filter(ImageFilter.GaussianBlur(sigma))
    assert difference(view_ops.blur(photograph, sigma), theirs) < 0.6


@pytest.mark.parametrize('sigma', [0.5, 1.0, 2.0])
def test_the_kernel_of_the_blur_has_the_variance_asked_for(sigma):
    kernel = view_ops.blur_kernel(sigma)
    at = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1)
    assert (kernel * at**2).sum() == pytest.approx(sigma**2, rel=1e-6)


def test_flip_and_solarize_are_exact_and_gray_within_one(photograph):
    image = Image.fromarray(photograph)
    assert np.array_equal(view_ops.flip(photograph), np.asarray(ImageOps.mirror(image)))
    assert np.array_equal(view_ops.solarize(photograph), np.asarray(ImageOps.solarize(image, 128)))
    gray = np.asarray(image.convert('L').convert('RGB')).astype(int)
    assert np.abs(view_ops.gray(photograph) - gray).max() <= 1


def test_rotation_turns_as_pillow_does(photograph):
    theirs = Image.fromarray(photograph).rotate(10, Image.Resampling.BILINEAR)
    assert difference(view_ops.rotate(photograph, 10), theirs) < 1


def test_steps_are_applied_in_the_order_that_was_drawn(photograph):
    """All of them against Pillow, one after the other."""
    drawn = Drawn(
        interpolation=np.int64(0),
        angle=np.float64(0),
        box=np.array([600, 20, 300, 280]),
        flip=np.True_,
        order=np.array([2, 0, 3, 1]),
        jitter=np.array([1.3, 0.7, 1.15, 0.06]),
        gray=np.False_,
        sigma=np.float64(1.1),
        solarize=np.True_,
    )
    image = Image.fromarray(photograph).crop((600, 20, 900, 300))
    image = ImageOps.mirror(image.resize((96, 96), Image.Resampling.BICUBIC))
    image = ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(1.15)).enhance(1.3)
    image = ImageEnhance.Contrast(F.adjust_hue(image, 0.06)).enhance(0.7)
    image = ImageOps.solarize(image.filter(ImageFilter.GaussianBlur(1.1)), 128)
    ours = view_ops.apply(photograph, drawn, 96)
    assert difference(ours, image) < 1.2
    other = view_ops.apply(photograph, drawn._replace(order=np.array([0, 1, 2, 3])), 96)
    assert difference(other, image) > 2
