"""DICOM files of one image, by pydicom."""

import io
import logging
import warnings
from typing import Any

import numpy as np

from mmbarlow.datasets.pillow_image import Refused
from mmbarlow.datasets.size_limit import too_large
from mmbarlow.optional import package

SUFFIXES = ('.dcm', '.dicom')
DEFLATED = b'1.2.840.10008.1.2.1.99'  # unpacked in full before anything is known of it
WHITE = 65535  # of the picture that a window gives
OUR_DECODER = 'mmbarlow.datasets.formats.dicom_jpeg'

# It would write lines to the terminal beside the error, which says the same.
logging.getLogger('pydicom').addHandler(logging.NullHandler())


def is_dicom(data: bytes, path: str) -> bool:
    """Whether a file is DICOM by its content; without a preamble, by its name."""
    return data[128:132] == b'DICM' or path.lower().endswith(SUFFIXES)


def read_dicom(data: bytes, picture: bool) -> np.ndarray:
    """The image (H, W, C) of a DICOM file, of which white is the greatest number.

    Args:
        picture: what a viewer shows of gray, in uint16 from 0 to 65,535: rescaled, then through the
            first window or the look-up table of the file, or else over the whole range of its
            stored bits. Otherwise the numbers themselves, rescaled by slope and intercept if the
            file has them (Hounsfield units in CT), and then in float32. Of MONOCHROME1, whose 0 is
            white, the picture is inverted, and the numbers are within the range of the stored bits.

    Raises:
        Refused: it has no image, several, or one that is compressed in a way that no decoder knows.
    """
    pydicom = package('pydicom', 'a DICOM file', 'dicom')
    if DEFLATED in data:
        raise Refused('deflated DICOM: write it uncompressed')
    with warnings.catch_warnings():  # about values that break the rules of the format
        warnings.simplefilter('ignore')
        file = pydicom.dcmread(io.BytesIO(data), force=True)
        _check(file)
        stored = _stored(file)
        if file.get('PhotometricInterpretation') == 'PALETTE COLOR':
            return pydicom.pixels.apply_color_lut(stored, file)
        if stored.ndim == 3:
            return stored
        image = _picture(stored, file) if picture else _numbers(stored, file)
    return image[:, :, None]


def _check(file: Any) -> None:
    if 'PixelData' not in file:
        kind = file.get('Modality', '')
        raise Refused(f'DICOM without pixels{f", of the modality {kind}" if kind else ""}')
    if (frames := int(file.get('NumberOfFrames') or 1)) > 1:
        raise Refused(f'DICOM of {frames} frames: write each to a file of its own')
    shape = int(file.Rows), int(file.Columns), int(file.SamplesPerPixel)
    if reason := too_large(shape, int(file.BitsAllocated) // 8 or 1):
        raise Refused(reason)


def _stored(file: Any) -> np.ndarray:
    from pydicom import pixels, uid

    if 'TransferSyntaxUID' not in getattr(file, 'file_meta', {}):
        file.ensure_file_meta()
        file.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian  # DICOM's default
    try:
        decoder = pixels.get_decoder(file.file_meta.TransferSyntaxUID)
        if decoder.is_encapsulated:
            _add_ours(decoder)
        return pixels.pixel_array(file)
    except NotImplementedError:
        name = file.file_meta.TransferSyntaxUID.name
        raise Refused(f'DICOM compressed as {name}: write it uncompressed') from None
    except RuntimeError:  # of several lines, one for each decoder
        raise Refused('damaged: no decoder takes the pixels') from None


def _add_ours(decoder: Any) -> None:
    from mmbarlow.datasets.formats import dicom_jpeg

    if decoder.UID in dicom_jpeg.DECODER_DEPENDENCIES and 'mmbarlow' not in (
        *decoder.available_plugins,
        *decoder.missing_dependencies,
    ):
        package('imagecodecs', 'a DICOM file with such a compression', 'dicom')
        decoder.add_plugin('mmbarlow', (OUR_DECODER, 'decode_frame'))


def _ends(file: Any) -> np.ndarray:
    """The least and the greatest number that the stored bits hold."""
    bits, signed = int(file.BitsStored), int(file.PixelRepresentation) == 1
    return np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])


def _numbers(stored: np.ndarray, file: Any) -> np.ndarray:
    from pydicom.pixels import apply_modality_lut

    if file.PhotometricInterpretation == 'MONOCHROME1':
        stored = (_ends(file).sum() - stored.astype(np.int64)).astype(stored.dtype)
    rescaled = apply_modality_lut(stored, file)
    return rescaled if rescaled.dtype.kind != 'f' else rescaled.astype(np.float32)


def _picture(stored: np.ndarray, file: Any) -> np.ndarray:
    from pydicom import pixels

    rescaled = pixels.apply_modality_lut(stored, file)
    low, high = pixels.apply_modality_lut(_ends(file), file)  # what windows span, in pydicom
    if 'WindowWidth' in file:
        rescaled = pixels.apply_voi_lut(rescaled, file, prefer_lut=False)
    elif 'VOILUTSequence' in file:
        low, high = 0, 2 ** int(file.VOILUTSequence[0].LUTDescriptor[2]) - 1
        rescaled = pixels.apply_voi_lut(rescaled, file)
    white = ((rescaled.astype(np.float64) - low) / (high - low)).clip(0, 1)
    if file.PhotometricInterpretation == 'MONOCHROME1':
        white = 1 - white
    return np.rint(white * WHITE).astype(np.uint16)
