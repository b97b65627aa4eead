"""The kinds of JPEG in DICOM files that Pillow does not decode, as a plugin of pydicom."""

import struct
from typing import Any

from mmbarlow.datasets.pillow_image import Refused

# Transfer syntaxes: 12 bits, lossless, lossless with the value before as the prediction.
JPEG = ('1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70')
JPEG_LS = ('1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81')  # lossless, near lossless
DECODER_DEPENDENCIES = dict.fromkeys((*JPEG, *JPEG_LS), ('imagecodecs',))
# Markers: a start of frame has the size; of those of the same range, three are tables.
FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def is_available(syntax: str) -> bool:
    """Whether this module decodes a transfer syntax (pydicom asks)."""
    return syntax in DECODER_DEPENDENCIES


def decode_frame(src: bytes, runner: Any) -> bytes:
    """The pixels of a frame, whose own header must say the size that the DICOM header says."""
    import imagecodecs

    if _size(src) != (runner.rows, runner.columns):
        raise Refused('damaged: the size of the frame is not that of the image')
    ls = runner.transfer_syntax in JPEG_LS
    image = imagecodecs.jpegls_decode(src) if ls else imagecodecs.jpeg_decode(src)
    runner.set_option('bits_allocated', 8 * image.itemsize)
    return image.tobytes()


def _size(src: bytes) -> tuple[int, int] | None:
    """Height and width that the frame's header says."""
    at = 2
    while at + 9 <= len(src) and src[at] == 0xFF:
        if src[at + 1] in FRAMES:
            return struct.unpack_from('>HH', src, at + 5)
        at += 2 + struct.unpack_from('>H', src, at + 2)[0]
    return None
