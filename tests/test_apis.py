"""Features in a notebook: the same for every way to give an image, in batches, in order."""

from pathlib import Path

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


def test_the_progress_bar_is_on_stderr_and_can_be_turned_off(model, monkeypatch, capsys):
    monkeypatch.setattr('sys.stderr.isatty', lambda: True)
    extract_features(model, [PIXELS] * 3, SIZE, bar=False)
    assert capsys.readouterr() == ('', '')
    extract_features(model, [PIXELS] * 3, SIZE)
    out, err = capsys.readouterr()
    assert out == ''
    assert 'features' in err


def test_a_broken_image_of_pil_is_named_by_its_file(model, tmp_path):
    IMAGE.save(tmp_path / 'a.png')
    (tmp_path / 'a.png').write_bytes((tmp_path / 'a.png').read_bytes()[:-600])
    with (
        Image.open(tmp_path / 'a.png') as image,
        pytest.raises(InputError, match=r'/a\.png cannot'),
    ):
        extract_features(model, image, SIZE)


def test_a_pil_image_that_pillow_misreads_is_refused_as_its_file_is(model, tmp_path):
    path = tmp_path / 'signed.tif'
    Image.fromarray(PIXELS[..., 0]).save(path, tiffinfo={339: 2})
    with Image.open(path) as image:
        for given in (path, image):
            with pytest.raises(InputError, match='TIFF of 1 band of 8-bit signed numbers'):
                extract_features(model, given, SIZE)


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
        (np.dstack([PIXELS, PIXELS[..., 0]]), {}, r'of \(H, W, 4\) take x\[\.\.\., :3\]'),
        (
            PIXELS[..., :1],
            {},
            r'shape \(24, 32, 1\), is no image: .* of \(H, W, 1\) x\[\.\.\., 0\]',
        ),
        ([torch.zeros(3, 8, 8)], {}, 'Tensor is no image: give paths, PIL images'),
        (torch.zeros(2, 3, 8, 8), {}, r'Tensor is no image and no list .* x\.permute\(1, 2, 0\)'),
        ([b'abc'], {}, 'bytes is no image: give paths'),
        (b'abc', {}, 'bytes is no image and no list of them'),
        (None, {}, 'NoneType is no image and no list of them'),
        ([[PIXELS]], {}, 'list is no image: give paths'),
        ([], {}, 'there are no images to encode'),
        (iter([]), {}, 'there are no images to encode'),
        (np.zeros((0, 8, 8, 3), np.uint8), {}, 'there are no images to encode'),
        (Path(__file__), {}, r'test_apis\.py cannot be read \(no image\)'),
        ('nowhere.jpg', {}, 'nowhere.jpg cannot be read'),
        (PIXELS, dict(batch_size=0), 'batch_size=0 must be 1 or more'),
        (PIXELS, dict(dtype='half16'), "dtype='half16' is no type of features"),
        (PIXELS, dict(dtype='int8'), 'is no type of features'),
    ],
)
def test_what_is_no_image_ends_in_one_sentence(model, images, options, says):
    with pytest.raises(InputError, match=says):
        extract_features(model, images, **(dict(size=SIZE) | options))
