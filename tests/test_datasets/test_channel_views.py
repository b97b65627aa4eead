"""Views of images of any depth and number of channels, against formulas in float64."""

import colorsys

import numpy as np
import pytest
from mmengine.dataset import BaseDataset
from scipy.ndimage import map_coordinates
from scipy.stats import kstest
from torch.utils.data import DataLoader

from mmbarlow.datasets import channel_ops, view_ops
from mmbarlow.datasets.channel_steps import draw_for_channels, numbers_for
from mmbarlow.datasets.plain_views import CenterView, LoadRGB, WholeView
from mmbarlow.datasets.sample_random import Key, SampleIndex, ViewSampler, uniforms
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.values import values_of
from mmbarlow.datasets.view import ChannelSteps, Drawn, Views
from mmbarlow.errors import BrokenImage, InputError

CHANNELS = [1, 2, 3, 4, 5, 13]
OFFICIAL = dict(view_a=dict(blur=1.0), view_b=dict(blur=0.1, solarize=0.2))
LUMA = np.array([0.299, 0.587, 0.114])
DEPTHS = [
    ('uint8', (0, 255)),
    ('uint16', (0, 4095)),
    ('int16', (-1000, 3000)),
    ('float32', (-0.5, 2.0)),
]


def stored(channels: int, dtype: str = 'uint16', ends=(0, 4095), size=(57, 70)) -> np.ndarray:
    """Waves and noise over the range of the numbers, (H, W, C)."""
    rng = np.random.default_rng(channels)
    y, x = np.mgrid[: size[0], : size[1]]
    waves = [
        np.sin(x / (5 + c) + c) + np.cos(y / (4 + c)) + rng.normal(0, 0.3, size)
        for c in range(channels)
    ]
    share = np.clip(np.stack(waves, -1) / 5 + 0.5, 0, 1)
    return (ends[0] + (ends[1] - ends[0]) * share).astype(dtype)


def sample(image: np.ndarray, index: int = 0) -> dict:
    return dict(img=image, sample_idx=SampleIndex(index, Key(0, 0, index)))


# The reference: one formula for each step, in float64.


def cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(x), 0)


def weights(length: int, size: int, kernel) -> np.ndarray:
    """Of an antialiased resize of `length` pixels to `size`, (size, length)."""
    scale = max(length / size, 1)
    centers = (np.arange(size)[:, None] + 0.5) * length / size
    found = kernel((np.arange(length) + 0.5 - centers) / scale)
    return found / found.sum(1, keepdims=True)


def resize(image: np.ndarray, height: int, width: int, kernel) -> np.ndarray:
    down, across = weights(image.shape[0], height, kernel), weights(image.shape[1], width, kernel)
    return np.clip(np.einsum('ih,hwc,jw->ijc', down, image, across), 0, 255)


def turn(image: np.ndarray, degrees: float) -> np.ndarray:
    """Counterclockwise about the center, bilinear, black outside."""
    height, width = image.shape[:2]
    center, angle = np.array([(height - 1) / 2, (width - 1) / 2]), np.deg2rad(degrees)
    y, x = np.mgrid[:height, :width] - center[:, None, None]
    places = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    places = [p + c for p, c in zip(places, center, strict=True)]
    planes = [
        map_coordinates(plane, places, order=1, mode='grid-constant')
        for plane in image.transpose(2, 0, 1)
    ]
    return np.stack(planes, -1)


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    kernel = view_ops.blur_kernel(sigma)
    half = len(kernel) // 2
    for axis in (0, 1):
        padded = np.pad(image, [(half, half) if a == axis else (0, 0) for a in range(3)], 'edge')
        image = sum(
            w * np.take(padded, range(i, i + image.shape[axis]), axis) for i, w in enumerate(kernel)
        )
    return image


def shifted(image: np.ndarray, shift: float) -> np.ndarray:
    hsv = [colorsys.rgb_to_hsv(*pixel) for pixel in image.reshape(-1, 3) / 255]
    rgb = [colorsys.hsv_to_rgb((h + shift) % 1, s, v) for h, s, v in hsv]
    return 255 * np.array(rgb).reshape(image.shape)


def reference(image: np.ndarray, ends: tuple, drawn: Drawn, size: int) -> np.ndarray:
    """The view of a stored image with given parameters."""
    x = np.clip(255 * (image.astype(float) - ends[0]) / (ends[1] - ends[0]), 0, 255)
    x = turn(x, drawn.angle) if drawn.angle else x
    left, top, width, height = drawn.box
    x = resize(
        x[top : top + height, left : left + width],
        size,
        size,
        (cubic, triangle)[drawn.interpolation],
    )
    x = x[:, ::-1] if drawn.flip else x
    rgb, own = x.shape[2] == 3, drawn.channels
    for step in drawn.order:
        factor = drawn.jitter[step]
        if step == 0:
            x = x * factor
        elif step == 1:
            mean = (x @ LUMA).mean() if rgb else x.mean((0, 1))
            x = factor * x + (1 - factor) * mean
        elif step == 2:
            x = factor * x + (1 - factor) * (x @ LUMA)[..., None] if rgb else x * own.gain
        else:
            x = shifted(x, factor) if rgb else x + own.offset
        x = np.clip(x, 0, 255)
    x = (x @ LUMA)[..., None].repeat(3, 2) if drawn.gray else x
    x = x if own is None else np.where(own.dropped, 0, x)
    x = blurred(x, drawn.sigma) if drawn.sigma else x
    return np.minimum(x, 255 - x) if drawn.solarize else x


@pytest.mark.parametrize('channels', CHANNELS)
@pytest.mark.parametrize(('dtype', 'ends'), DEPTHS)
def test_views_of_any_depth_and_channels_are_those_of_the_formulas(channels, dtype, ends):
    """All steps of eight views each but the rotation, within 0.02 of 255 at every value."""
    options = dict(interpolation='bilinear', gray=0.5, jitter=1.0)
    twins = TwinViews(24, dict(options, blur=1.0), dict(gray=0.5, solarize=0.5), channels, ends)
    image = stored(channels, dtype, ends)
    for index in range(4):
        views, drawn = twins.make(sample(image, index))
        for i, view in enumerate(views):
            assert (view.dtype, view.shape) == (np.float32, (24, 24, channels))
            assert np.abs(view - reference(image, ends, drawn.of(i), 24)).max() < 0.02


@pytest.mark.parametrize('channels', CHANNELS)
def test_rotation_turns_all_channels(channels):
    """OpenCV counts places in 32nds of a pixel, which is up to 3 % of a step of 255."""
    twins = TwinViews(32, dict(rotate=45.0, jitter=0.0), dict(), channels, (0, 4095))
    image = stored(channels)
    (view, _), drawn = twins.make(sample(image))
    assert abs(drawn.angle[0, 0]) > 5
    difference = np.abs(view - reference(image, (0, 4095), drawn.of(0), 32))
    assert difference.max() < 4
    assert difference.mean() < 0.5


STEPS = [
    (channel_ops.cropped_and_resized, view_ops.crop_and_resize, ((3, 4, 40, 30), 24)),
    (channel_ops.flipped, view_ops.flip, ()),
    (channel_ops.brightened, view_ops.brightness, (1.3,)),
    (channel_ops.contrasted, view_ops.contrast, (0.7,)),
    (channel_ops.blurred, view_ops.blur, (1.2,)),
    (channel_ops.solarized, view_ops.solarize, ()),
]
COLORS = [
    (channel_ops.saturated, view_ops.saturation, (1.15,)),
    (channel_ops.hue_shifted, view_ops.hue, (0.07,)),
    (channel_ops.grayed, view_ops.gray, ()),
]
CASES = [(1, *step) for step in STEPS] + [(3, *step) for step in STEPS + COLORS]


@pytest.mark.parametrize(('channels', 'step', 'of_8_bits', 'given'), CASES)
def test_steps_on_8_bits_are_those_of_the_8_bit_path_up_to_its_rounding(
    channels, step, of_8_bits, given
):
    """Pillow cuts fractions off in its blends, and torchvision counts hues in 255ths."""
    image = stored(channels, 'uint8', (0, 255))
    theirs = of_8_bits(np.repeat(image, 3, 2) if channels == 1 else image, *given)
    difference = np.abs(step(image.astype(np.float32), *given) - theirs[..., :channels])
    assert difference.max() < (8 if step is channel_ops.hue_shifted else 1.6)
    assert difference.mean() < 0.7


def test_rgb_scaled_from_8_bits_has_the_views_of_the_8_bit_path(photograph):
    """The same numbers are drawn, so a view differs by what 8 bits cut off at each step."""
    differences = []
    image = photograph[:, 200:500]
    ours, theirs = TwinViews(24, **OFFICIAL, channels=3), TwinViews(24, **OFFICIAL)
    for index in range(20):
        (a, drawn), (b, same) = (t.make(sample(image, index)) for t in (ours, theirs))
        assert np.array_equal(drawn.box, same.box)
        assert np.array_equal(drawn.jitter, same.jitter)
        for x, y in zip(a, b, strict=True):
            differences.append(np.abs(x - y).mean())
    assert np.max(differences) < 3
    assert np.mean(differences) < 1.3


def test_gray_of_16_bits_is_its_8_bits_at_a_finer_step():
    """Without gains and offsets, a view of one channel is the 8-bit one of the same gray image."""
    plain = dict(saturation=0.0, hue=0.0, gray=0.0)
    options = dict(view_a=dict(plain, blur=1.0), view_b=dict(plain, solarize=1.0))
    fine = stored(1, 'uint16', (0, 65535))
    coarse = np.rint(fine / 257).astype(np.uint8)
    a, _ = TwinViews(24, **options, channels=1).make(sample(fine))
    b, _ = TwinViews(24, **options).make(sample(coarse[..., 0]))
    for x, y in zip(a, b, strict=True):
        assert np.abs(x - y[..., :1]).mean() < 1


@pytest.mark.parametrize('channels', [1, 2, 5])
def test_gains_offsets_and_drops_have_the_strengths_of_what_they_stand_for(channels):
    views = Views(dict(saturation=0.2, hue=0.1, jitter=0.8, gray=0.2))
    u = uniforms(np.array([[0, 0, i] for i in range(20000)]), 1, numbers_for(channels))
    drawn = draw_for_channels(views, u, 50, 50)
    steps = drawn.channels
    on = (steps.gain[0] != 1).any(-1)
    assert on.mean() == pytest.approx(0.8, abs=0.01)
    assert kstest(steps.gain[0, on].ravel(), 'uniform', (0.8, 0.4)).pvalue > 1e-3
    assert kstest(steps.offset[0, on].ravel(), 'uniform', (-25.5, 51)).pvalue > 1e-3
    kept = (~steps.dropped[0]).sum(-1)
    assert kept.min() == 1
    # of channels that each go with 1/2, all went in 1 of 2^C cases, where one stays
    wanted = 0 if channels == 1 else 0.2 * (channels / 2 - 0.5**channels)
    assert steps.dropped[0].sum(-1).mean() == pytest.approx(wanted, abs=0.02)
    assert not drawn.gray.any()
    assert (drawn.jitter[..., 2:] == [1, 0]).all()


def test_numbers_for_channels_come_after_those_that_views_have_always_had():
    key = np.array([[3, 1, 7]])
    views = Views(dict(blur=1.0), dict())
    of_five = draw_for_channels(views, uniforms(key, 2, numbers_for(5)), 60, 50)
    of_rgb = draw_for_channels(views, uniforms(key, 2, numbers_for(3)), 60, 50)
    for name in ('box', 'angle', 'flip', 'order', 'sigma', 'solarize'):
        assert np.array_equal(getattr(of_five, name), getattr(of_rgb, name))
    assert np.array_equal(of_five.jitter[..., :2], of_rgb.jitter[..., :2])
    assert isinstance(of_five.channels, ChannelSteps)
    assert of_rgb.channels is None


@pytest.mark.parametrize('channels', [1, 5])
def test_any_number_of_workers_makes_the_same_views_of_channels(channels):
    def views(workers: int) -> list[np.ndarray]:
        data = Stored([stored(channels, size=(30 + i, 40)) for i in range(6)], channels)
        sampler = ViewSampler(data, shuffle=True, seed=0)
        loader = DataLoader(data, 2, sampler=sampler, num_workers=workers, collate_fn=list)
        return [view for batch in loader for one in batch for view in one['img']]

    assert np.array_equal(views(0), views(2))


class Stored(BaseDataset):
    """Arrays, through the views of 12 bits."""

    def __init__(self, images: list[np.ndarray], channels: int) -> None:
        self.images = images
        super().__init__(pipeline=[TwinViews(16, **OFFICIAL, channels=channels, range=(0, 4095))])

    def load_data_list(self) -> list[dict]:
        return [dict(img=image) for image in self.images]


@pytest.mark.parametrize('channels', CHANNELS)
@pytest.mark.parametrize(('dtype', 'ends'), DEPTHS)
def test_the_view_of_evaluation_is_that_of_the_formula(channels, dtype, ends):
    image = stored(channels, dtype, ends)
    view = CenterView(20, 24, channels=channels, range=ends).transform(dict(img=image))['img']
    x = 255 * (image.astype(float) - ends[0]) / (ends[1] - ends[0])
    whole = resize(x, 24, int(24 * 70 / 57), triangle)
    assert (view.dtype, view.shape) == (np.float32, (20, 20, channels))
    left = round((whole.shape[1] - 20) / 2)
    assert np.abs(view - whole[2:22, left : left + 20]).max() < 0.02
    squeezed = WholeView(20, channels=channels, range=ends).transform(dict(img=image))['img']
    assert np.abs(squeezed - resize(x, 20, 20, triangle)).max() < 0.02
    loaded = LoadRGB(channels=channels, range=ends).transform(dict(img=image))['img']
    assert np.abs(loaded.permute(1, 2, 0).numpy() - x).max() < 0.001


def test_evaluation_of_8_bits_is_within_the_rounding_of_the_8_bit_view(photograph):
    for options in (dict(size=64, resize=73), dict(size=40), dict(size=300)):
        ours = CenterView(**options, channels=3).transform(dict(img=photograph))['img']
        theirs = CenterView(**options).transform(dict(img=photograph))['img']
        assert np.abs(ours - theirs).max() < 1.6  # Pillow rounds rows, then columns


def test_a_strip_takes_no_more_memory_than_its_middle():
    image = np.zeros((4, 4000, 2), np.uint16)
    image[:, 1990:2010] = 4095
    view = CenterView(16, channels=2, range=(0, 4095)).transform(dict(img=image))['img']
    assert view.shape == (16, 16, 2)
    assert view.min() > 250


@pytest.mark.parametrize('make', [TwinViews, CenterView, WholeView, LoadRGB])
def test_a_range_that_is_none_is_one_sentence(make):
    size = () if make is LoadRGB else (16,)
    views = OFFICIAL if make is TwinViews else {}
    with pytest.raises(InputError, match='range'):
        make(*size, **views, channels=1, range=(5, 5))


def test_an_image_of_other_channels_is_named_with_both_numbers():
    with pytest.raises(BrokenImage, match='5 channels, where channels=2'):
        CenterView(16, channels=2).transform(dict(img=stored(5)))
    assert values_of(None, None) is None
