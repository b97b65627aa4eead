"""Features in a notebook: the same for every way to give an image, in batches, in order."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmbarlow import apis
from mmbarlow.apis import extract_features
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder

SIZE = 8
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
IMAGE = Image.fromarray(PIXELS)


@pytest.fixture
def model() -> Encoder:
    """Features are the pixels of the crop, divided by 3."""
    images = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[0.0] * 3, std=[3.0] * 3)
    return Encoder(dict(type='mmbarlow.RawPixels'), images).eval()


def of_mode(mode: str) -> Image.Image:
    if mode.startswith('I'):  # 16 bits of gray
        gray = np.arange(24 * 32, dtype=np.uint16 if ';' in mode else np.int32).reshape(24, 32)
        return Image.fromarray(gray * 80)
    if mode == 'LAB':
        return Image.fromarray(PIXELS, 'LAB')
    return IMAGE.convert(mode)


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated:DeprecationWarning")
@pytest.mark.parametrize('mode', ['RGB', 'P', 'CMYK', 'LAB', 'I;16', 'I', 'L', '1', 'LA', 'RGBA'])
def test_a_pil_image_has_the_features_of_its_file(model, tmp_path, mode):
    path = tmp_path / ('a.png' if mode in ('P', 'LA') else 'a.tiff')
    of_mode(mode).save(path)
    wanted = extract_features(model, [path], SIZE)
    with Image.open(path) as image:
        mode_before = image.mode
        assert torch.equal(extract_features(model, [image], SIZE), wanted)
        assert image.mode == mode_before  # the caller's image is left as it was
    assert torch.equal(extract_features(model, [of_mode(mode)], SIZE), wanted)
    assert wanted.std() > 1


def test_one_image_and_any_iterable_are_taken_in_batches_and_in_order(model, tmp_path):
    arrays = [np.roll(PIXELS, i, 0) for i in range(7)]
    one_by_one = torch.cat([extract_features(model, [a], SIZE) for a in arrays])
    assert one_by_one.shape == (7, 3 * SIZE * SIZE)
    for images in (arrays, (a for a in arrays), tuple(map(Image.fromarray, arrays))):
        assert torch.equal(extract_features(model, images, SIZE, batch_size=3), one_by_one)
    assert torch.equal(extract_features(model, np.stack(arrays), SIZE), one_by_one)
    IMAGE.save(tmp_path / 'a.png')
    for single in (PIXELS, IMAGE, tmp_path / 'a.png', str(tmp_path / 'a.png')):
        assert torch.equal(extract_features(model, single, SIZE), one_by_one[:1])
    gray = PIXELS[..., 0]
    three = np.stack([gray] * 3, 2)
    assert torch.equal(extract_features(model, gray, SIZE), extract_features(model, three, SIZE))


def test_no_more_images_than_a_batch_are_held_at_once(model, monkeypatch):
    sizes, shown = [], []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    monkeypatch.setattr(
        apis, 'progress', lambda items, what, total: (shown.append(total), items)[1]
    )
    features = extract_features(model, [PIXELS] * 130, SIZE)
    assert (sizes, shown, len(features)) == ([64, 64, 2], [130], 130)


def test_half_precision_is_the_rounded_result(model):
    whole = extract_features(model, PIXELS, SIZE) + 0.0
    for dtype in ('float16', torch.float16):
        half = extract_features(model, PIXELS, SIZE, dtype=dtype)
        assert half.dtype == torch.float16
        assert torch.equal(half, whole.half())


@pytest.mark.parametrize(
    ('images', 'options', 'says'),
    [
        (PIXELS / 255, {}, r'an array of float64, shape \(24, 32, 3\), is no image: give uint8'),
        ([PIXELS.transpose(2, 0, 1)], {}, r'shape \(3, 24, 32\), is no image'),
        ([PIXELS[0, 0]], {}, r'shape \(3,\), is no image'),
        ([torch.zeros(3, 8, 8)], {}, 'Tensor is no image: give paths, PIL images'),
        ([], {}, 'there are no images to encode'),
        ('nowhere.jpg', {}, 'nowhere.jpg cannot be read'),
        (PIXELS, dict(batch_size=0), 'batch_size=0 must be 1 or more'),
        (PIXELS, dict(dtype='half16'), "dtype='half16' is no type of features"),
        (PIXELS, dict(dtype='int8'), 'is no type of features'),
    ],
)
def test_what_is_no_image_ends_in_one_sentence(model, images, options, says):
    with pytest.raises(InputError, match=says):
        extract_features(model, images, **(dict(size=SIZE) | options))
