"""Arrays in files of NumPy: .npy, or one array in an .npz."""

import io
import zipfile

import numpy as np

from mmbarlow.datasets.pillow_image import Refused
from mmbarlow.datasets.size_limit import MAX_BYTES, TOO_LONG, too_large

NPY, ZIP = b'\x93NUMPY', b'PK\x03\x04'


def read_npy(data: bytes) -> np.ndarray:
    """The array of a file, (H, W, C); nothing in it is unpickled.

    Raises:
        Refused: it holds objects, or no image by its shape or type.
    """
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if header is None:
        raise Refused('an array of named fields')
    shape, by_columns, dtype = header(file)
    check_type(dtype)
    lengths = channels_last(shape)[0]
    if reason := too_large(lengths, dtype.itemsize):
        raise Refused(reason)
    flat = np.frombuffer(data, dtype, int(np.prod(lengths)), file.tell())
    return image_of(flat.reshape(shape, order='F' if by_columns else 'C'))


def read_npz(data: bytes) -> np.ndarray:
    """The same, of the only array of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        names = ', '.join(m.filename.removesuffix('.npy') for m in members[:4])
        if len(members) != 1:
            raise Refused(f'{len(members)} arrays in one file ({names}): keep one in each')
        if members[0].file_size > MAX_BYTES:
            raise Refused(TOO_LONG)
        return read_npy(archive.read(members[0]))


def check_type(dtype: np.dtype) -> None:
    """Raises Refused unless it is a type of real numbers."""
    if dtype.hasobject:
        raise Refused('an array of Python objects')
    if dtype.kind not in 'buif':
        raise Refused(f'an array of {dtype.name}')


def channels_last(shape: tuple[int, ...]) -> tuple[tuple[int, int, int], bool]:
    """The shape (H, W, C) of an array, and whether its channels come first in it.

    (H, W) is gray. Of three axes the first one is that of the channels if it is shorter than the
    last, as in (3, 224, 224); else the last one.

    Raises:
        Refused: it has other axes, or an empty one.
    """
    if len(shape) == 2 and min(shape) > 0:
        return (shape[0], shape[1], 1), False
    if len(shape) == 3 and min(shape) > 0:
        first = shape[0] < shape[2]
        return (shape[1], shape[2], shape[0]) if first else shape, first
    raise Refused(f'an array of shape {shape}: an image is (H, W), (H, W, C) or (C, H, W)')


def image_of(array: np.ndarray) -> np.ndarray:
    """An array of any type of numbers and either order as (H, W, C), in the types of `open_bands`.

    Raises:
        Refused: it is no image by its shape or type.
    """
    check_type(array.dtype)
    shape, first = channels_last(array.shape)
    image = array.transpose(1, 2, 0) if first else array.reshape(shape)
    return narrow(image)


def narrow(image: np.ndarray) -> np.ndarray:
    """The same numbers in 32 bits or less and in the byte order of the machine; booleans are 0 and
    255."""
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind == 'b':
        return image * np.uint8(255)
    if kind == 'f':
        with np.errstate(over='ignore'):  # infinity is refused where it is scaled
            return image.astype(np.float32, copy=False)
    if size == 8:
        smaller = np.dtype(f'{kind}4')
        ends = np.iinfo(smaller)
        if image.min() < ends.min or image.max() > ends.max:
            raise Refused('whole numbers of more than 32 bits')
        return image.astype(smaller)
    return image.astype(image.dtype.newbyteorder('='), copy=False)
