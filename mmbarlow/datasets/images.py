"""Reading an image, and the plain views of it that evaluation uses."""

import io
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, UnidentifiedImageError
from torchvision.transforms import CenterCrop, Compose, Resize

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.zip_members import read_member
from mmbarlow.errors import BrokenImage
from mmbarlow.registry import TRANSFORMS


def read(results: dict) -> bytes | np.ndarray:
    """What a sample has of its image: the array `img`, RGB (H, W, 3) or grey (H, W) of uint8, or
    the bytes of the file `img_path`, or of a `member` of a zip file.

    Raises:
        BrokenImage: there is no such file, it is a folder, or may not be read.
    """
    if 'img' in results:
        return results['img']
    try:
        if 'member' in results:
            return read_member(results['archive'], *results['member'])
        return Path(results['img_path']).read_bytes()
    except OSError as error:
        raise BrokenImage(str(results['img_path']), str(error.strerror).lower()) from None


def decode(data: bytes | np.ndarray, path: str) -> np.ndarray:
    """Pixels of an image, RGB (H, W, 3) of uint8, as `open_rgb` has them.

    Args:
        data: what `read` returns.
        path: for the message of the error.
    """
    return np.asarray(open_rgb(data, path))


def open_rgb(data: bytes | np.ndarray, path: str) -> Image.Image:
    """An image in RGB, from whatever Pillow reads.

    Of an animation the first frame. Transparency is dropped, as Pillow's `convert` does: the colour
    below it shows. 16-bit grey is scaled to 8 bits. The orientation in EXIF is passed over, as
    torchvision's ImageFolder and all published recipes do.

    Raises:
        BrokenImage: no image, damaged, cut off, or larger than Pillow agrees to.
    """
    if isinstance(data, np.ndarray):
        return Image.fromarray(data).convert('RGB')
    if not data:
        raise BrokenImage(path, 'empty')
    try:
        with Image.open(io.BytesIO(data)) as image:
            return _rgb(image)
    except UnidentifiedImageError:
        raise BrokenImage(path, 'no image') from None
    except Exception as error:  # on damaged bytes, decoders raise anything
        raise BrokenImage(path, _reason(error)) from None


def _rgb(image: Image.Image) -> Image.Image:
    image.load()
    image.info.pop('transparency', None)  # Pillow would warn, and drop it
    if image.mode.startswith('I'):  # 16 bits of grey; some formats have them in 32
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError('pixels of 32 bits')
        image = Image.fromarray(((grey.astype(np.int64) + 128) // 257).astype(np.uint8))
    if image.mode == 'F':
        raise ValueError('pixels of 32 bits')
    return image if image.mode == 'RGB' else image.convert('RGB')


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f'more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels'
    if isinstance(error, EOFError) or 'truncated' in str(error).lower():
        return 'truncated'
    return f'damaged: {error}'.split('\n')[0]


def read_rgb(results: dict) -> Image.Image:
    """The image of a sample, in RGB; raises BrokenImage."""
    return open_rgb(read(results), str(results.get('img_path', 'an array')))


@TRANSFORMS.register_module()
class LoadRGB(BaseTransform):
    """The image of a sample as torchvision's transforms (`mmpretrain.torchvision/...`) take it.

    Required keys: `img` or `img_path`; sets `img` to a PIL image in RGB.

    Args:
        skip_broken: for training: another image in place of one that cannot be read, see
            `mmbarlow.datasets.broken_images`. By default that is an error: no test set changes in silence.
    """

    def __init__(self, skip_broken: bool = False) -> None:
        self.read = Skipper(read_rgb).read if skip_broken else read_rgb

    def transform(self, results: dict) -> dict | None:
        image = self.read(results)
        if image is None:
            return None
        results['img'] = image
        return results


@TRANSFORMS.register_module()
class CenterView(BaseTransform):
    """The image as evaluation sees it: shorter side to `resize`, then the centre.

    torchvision's Resize and CenterCrop on a PIL image, as in the official `evaluate.py` (256 and
    224, bilinear). Required keys: `img` or `img_path`; sets `img` to a uint8 RGB array
    (size, size, 3), and leaves one that is there as it is.

    Args:
        size: height and width of the crop, in pixels.
        resize: length of the shorter side before the crop, in pixels; by default `size`.
    """

    def __init__(self, size: int, resize: int | None = None) -> None:
        self.crop = Compose([Resize(resize or size), CenterCrop(size)])
        self.done = (size, size, 3) if resize in (None, size) else None

    def transform(self, results: dict) -> dict:
        image = results.get('img')
        # For data sets of small arrays, the way through Pillow would be most of a worker's time.
        if not isinstance(image, np.ndarray) or image.shape != self.done or image.dtype != np.uint8:
            results['img'] = np.array(self.crop(read_rgb(results)))
        return results


@TRANSFORMS.register_module()
class WholeView(BaseTransform):
    """All of the image, squeezed into a square: nothing at its edges is lost.

    Shorter side to `resize`, then both sides to `size`, torchvision's Resize twice on a PIL image
    as VISSL does for VOC07 (256 and 224, bilinear). Keys as of `CenterView`.

    Args:
        size: height and width of the result, in pixels.
        resize: length of the shorter side in between, in pixels.
    """

    def __init__(self, size: int, resize: int) -> None:
        self.squeeze = Compose([Resize(resize), Resize((size, size))])

    def transform(self, results: dict) -> dict:
        results['img'] = np.array(self.squeeze(read_rgb(results)))
        return results
