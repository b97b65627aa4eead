"""Reading images of every kind, and what is said of those that cannot be read."""

import io
import os
import pickle
import warnings

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.image_reading import image_data, open_rgb
from mmbarlow.datasets.plain_views import CenterView, LoadRGB, WholeView
from mmbarlow.errors import BrokenImage, InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(8, 0)
IMAGE = Image.fromarray(PIXELS.repeat(8, 1))  # 64 x 48, of blocks that JPEG keeps


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def transparent() -> Image.Image:
    image = IMAGE.convert('RGBA')
    image.putalpha(Image.linear_gradient('L').resize(image.size))
    return image


# what is in the file, and what it is once read
KINDS = dict(
    jpeg=(encoded(IMAGE, 'JPEG', quality=100, subsampling=0), IMAGE),
    webp=(encoded(IMAGE, 'WEBP', lossless=True), IMAGE),
    bmp=(encoded(IMAGE, 'BMP'), IMAGE),
    tiff=(encoded(IMAGE, 'TIFF', compression='tiff_lzw'), IMAGE),
    ppm=(encoded(IMAGE, 'PPM'), IMAGE),
    gif=(encoded(IMAGE.quantize(), 'GIF'), IMAGE.quantize()),
    gray=(encoded(IMAGE.convert('L'), 'PNG'), IMAGE.convert('L')),
    gray_alpha=(encoded(transparent().convert('LA'), 'PNG'), IMAGE.convert('L')),
    alpha=(encoded(transparent(), 'PNG'), IMAGE),
    palette=(encoded(IMAGE.quantize(), 'PNG', transparency=bytes(range(256))), IMAGE.quantize()),
    one_bit=(encoded(IMAGE.convert('1'), 'PNG'), IMAGE.convert('1')),
    cmyk=(encoded(IMAGE.convert('CMYK'), 'JPEG', quality=100), IMAGE),
    animated=(encoded(IMAGE, 'PNG', save_all=True, append_images=[IMAGE.rotate(180)]), IMAGE),
)


@pytest.mark.parametrize('kind', KINDS)
def test_images_of_every_kind_are_rgb(kind):
    data, image = KINDS[kind]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        pixels = np.asarray(open_rgb(data, kind))
    assert pixels.dtype == np.uint8
    wanted = np.asarray(image.convert('RGB')).astype(int)
    assert np.abs(pixels - wanted).max() <= (8 if kind in ('jpeg', 'cmyk') else 0)


@pytest.mark.parametrize('kind', ['PNG', 'TIFF', 'PPM'])
def test_sixteen_bits_of_gray_are_scaled_and_not_cut_off(kind):
    gray = np.array([[0, 256, 257, 32768, 65535]], np.uint16)
    pixels = np.asarray(open_rgb(encoded(Image.fromarray(gray), kind), kind))
    assert pixels[0, :, 0].tolist() == [0, 1, 1, 128, 255]


def test_the_orientation_of_a_camera_is_passed_over():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    assert open_rgb(encoded(IMAGE, 'JPEG', exif=exif), '').size == (64, 48)


def test_arrays_are_taken_as_they_are():
    assert np.array_equal(open_rgb(image_data(dict(img=PIXELS)), ''), PIXELS)
    assert np.asarray(open_rgb(PIXELS[..., 0], '')).shape == (48, 8, 3)


@pytest.mark.parametrize('kind', ['jpeg', 'webp', 'bmp', 'tiff', 'ppm', 'gif', 'gray', 'cmyk'])
@pytest.mark.parametrize('share', [0.3, 0.6, 0.9])
@pytest.mark.filterwarnings('ignore::UserWarning')  # Pillow's, of tags that are cut off
def test_what_is_cut_off_is_broken_and_never_half_gray(kind, share):
    data, _ = KINDS[kind]
    with pytest.raises(BrokenImage, match='a/b.jpg cannot be read'):
        open_rgb(data[: int(len(data) * share)], 'a/b.jpg')


def test_a_jpeg_without_its_last_bytes_is_truncated():
    with pytest.raises(BrokenImage) as caught:
        open_rgb(KINDS['jpeg'][0][:-10], 'a.jpg')
    assert (caught.value.path, caught.value.reason) == ('a.jpg', 'truncated')


def test_files_that_are_no_images_say_what_they_are(tmp_path):
    (tmp_path / 'empty.jpg').touch()
    (tmp_path / 'text.jpg').write_text('not found\n')
    (tmp_path / 'folder.jpg').mkdir()
    (tmp_path / 'float.tif').write_bytes(encoded(Image.new('F', (4, 4)), 'TIFF'))
    (tmp_path / 'large.png').write_bytes(encoded(Image.new('1', (20000, 20000)), 'PNG'))
    reasons = dict(
        empty='empty',
        text='no image',
        folder='is a directory',
        absent='no such file or directory',
        float='gray of float numbers',
        large='more than 178 million pixels',
    )
    for name, reason in reasons.items():
        (path, *_) = [*tmp_path.glob(f'{name}.*'), tmp_path / f'{name}.jpg']
        with pytest.raises(BrokenImage) as caught:
            LoadRGB().transform(dict(img_path=str(path)))
        assert (caught.value.path, caught.value.reason) == (str(path), reason)
        assert '\n' not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_a_file_that_may_not_be_read_is_broken(tmp_path):
    path = tmp_path / 'a.png'
    IMAGE.save(path)
    path.chmod(0)
    with pytest.raises(BrokenImage, match='permission denied'):
        image_data(dict(img_path=path))


@pytest.mark.parametrize('view', [CenterView(8), WholeView(8, 10), LoadRGB()])
def test_in_evaluation_a_broken_image_is_an_error(view, tmp_path):
    (tmp_path / 'a.jpg').write_bytes(KINDS['jpeg'][0][:200])
    with pytest.raises(InputError, match=r'a\.jpg cannot be read \(truncated\): replace it or'):
        view.transform(dict(img_path=str(tmp_path / 'a.jpg')))


def test_the_error_survives_the_way_from_a_worker_and_names_of_any_bytes():
    error = BrokenImage(os.fsdecode(b'caf\xe9.jpg'), 'empty')
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.path, copy.reason, str(copy)) == (error.path, 'empty', str(error))
    assert str(BrokenImage(f'traceback\n{error}')).endswith(str(error))  # as torch makes it anew
    assert error.path.encode() == b'caf\\udce9.jpg'
