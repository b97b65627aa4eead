"""Images of each format, depth and number of channels, against the arrays in them."""

import io
import struct
import zipfile
import zlib

import cv2
import h5py
import imagecodecs
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

from mmbarlow.datasets.hdf5_images import HDF5Images
from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_reading import image_data, name_of, open_array
from mmbarlow.datasets.stored_image import open_bands
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import BrokenImage, InputError

TYPES = ('uint8', 'uint16', 'int8', 'int16', 'uint32', 'int32', 'float16', 'float32', 'float64')


def numbers(dtype: str, channels: int) -> np.ndarray:
    """An image (24, 20, channels) over the whole range of a type; floats are -2 to 2."""
    x = np.random.default_rng(channels).random((24, 20, channels))
    if dtype.startswith('float'):
        return (x * 4 - 2).astype(dtype)
    ends = np.iinfo(dtype)
    return (x * (float(ends.max) - ends.min) + ends.min).astype(dtype)


def tiff(x: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, x, **{'photometric': 'minisblack', **options})
    return file.getvalue()


def npy(x: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, x)
    return file.getvalue()


def png(x: np.ndarray, kind: int) -> bytes:
    """A PNG file of 16 bits of any kind of colors."""
    raw = b''.join(b'\0' + row.astype('>u2').tobytes() for row in x)
    head = struct.pack('>IIBBBBB', x.shape[1], x.shape[0], 16, kind, 0, 0, 0)
    parts = [(b'IHDR', head), (b'IDAT', zlib.compress(raw)), (b'IEND', b'')]
    chunks = (
        struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d)) for t, d in parts
    )
    return b'\x89PNG\r\n\x1a\n' + b''.join(chunks)


def dicom(x: np.ndarray, bits: int = 12, syntax: str = '1.2.840.10008.1.2.1', **tags) -> bytes:
    """A DICOM file of an image (H, W) or (H, W, 3), with tags by their keywords."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = '1.2.3', '1.2.3.4'
    file = FileDataset('', {}, file_meta=meta, preamble=bytes(128))
    file.Rows, file.Columns = x.shape[:2]
    file.SamplesPerPixel, file.PlanarConfiguration = x.shape[2] if x.ndim == 3 else 1, 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 8 * x.itemsize, bits, bits - 1
    file.PixelRepresentation = int(x.dtype.kind == 'i')
    file.PhotometricInterpretation = 'RGB' if x.ndim == 3 else 'MONOCHROME2'
    file.PixelData = x.tobytes()
    for name, value in tags.items():
        setattr(file, name, value)
    out = io.BytesIO()
    file.save_as(out, enforce_file_format=True)
    return out.getvalue()


def same(found: np.ndarray, wanted: np.ndarray) -> bool:
    narrow = {'float16': 'float32', 'float64': 'float32'}.get(wanted.dtype.name, wanted.dtype.name)
    return found.dtype == narrow and np.array_equal(found, wanted.astype(narrow))


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('channels', [1, 2, 3, 4, 13])
def test_every_type_and_number_of_channels_is_read_as_it_was_written(dtype, channels):
    x = numbers(dtype, channels)
    planes = np.ascontiguousarray(x.transpose(2, 0, 1))
    gray = x if channels > 1 else x[..., 0]
    files = [npy(gray), npy(planes), tiff(gray, planarconfig='contig' if channels > 1 else None)]
    if channels > 1:
        files += [tiff(planes, planarconfig='separate', bigtiff=True), tiff(planes)]
        files.append(tiff(gray, planarconfig='contig', tile=(16, 16), compression='zstd'))
    for i, data in enumerate(files):
        assert same(open_bands(data, str(i)), x), i
    assert same(open_bands(x, ''), x)


@pytest.mark.parametrize('compression', ['lzw', 'deflate', 'packbits', 'lzma', 'zstd'])
def test_compressed_tiff_files_are_read(compression):
    x = numbers('uint16', 5)
    data = tiff(x, planarconfig='contig', compression=compression, predictor=compression == 'lzw')
    assert same(open_bands(data, ''), x)


def test_alpha_is_dropped_white_can_be_zero_and_smaller_copies_are_passed_over():
    x, alpha = numbers('uint16', 3), numbers('uint16', 1)
    data = tiff(np.dstack([x, alpha]), photometric='rgb', extrasamples=['unassalpha'])
    assert same(open_bands(data, ''), x)
    infrared = tiff(np.dstack([x, alpha]), photometric='rgb', extrasamples=['unspecified'])
    assert open_bands(infrared, '').shape[2] == 4
    negative = tiff(alpha[..., 0], photometric='miniswhite')
    assert same(open_bands(negative, ''), 65535 - alpha)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as out:
        out.write(alpha[..., 0])
        out.write(alpha[::2, ::2, 0], subfiletype=1)
    assert same(open_bands(file.getvalue(), ''), alpha)


def test_sixteen_bits_of_colors_keep_their_depth():
    x = numbers('uint16', 4)
    assert same(open_bands(png(x[..., :3], 2), ''), x[..., :3])
    assert same(open_bands(png(x, 6), ''), x[..., :3])
    assert same(open_bands(png(x[..., :2], 4), ''), x[..., :1])
    assert same(open_bands(png(x[..., :1], 0), ''), x[..., :1])
    ppm = b'P6 20 24 65535\n' + x[..., :3].astype('>u2').tobytes()
    assert same(open_bands(ppm, ''), x[..., :3])
    assert same(open_bands(cv2.imencode('.png', x[..., 2::-1])[1].tobytes(), ''), x[..., :3])


@pytest.mark.parametrize('mode', ['L', 'RGB', 'P', 'RGBA', 'LA', '1'])
def test_eight_bits_are_gray_or_rgb(mode):
    image = Image.fromarray(numbers('uint8', 3)).convert(mode)
    file = io.BytesIO()
    image.save(file, 'PNG')
    gray = mode in ('L', 'LA', '1')
    wanted = np.asarray(image.convert('L' if gray else 'RGB'))
    assert same(open_bands(file.getvalue(), ''), wanted[..., None] if gray else wanted)


def test_dicom_is_rescaled_where_the_range_counts_in_its_units_and_windowed_otherwise():
    x = (numbers('uint16', 1)[..., 0] >> 4).astype(np.uint16)
    ct = dict(RescaleSlope='2', RescaleIntercept='-1024', WindowCenter='40', WindowWidth='400')
    units = x * 2.0 - 1024
    numbered = open_bands(dicom(x, **ct), '', values_of(1, (-1000, 400)))
    assert numbered.dtype == np.float32
    assert np.array_equal(numbered[..., 0], units)
    # PS3.3 C.11.2.1.2.1
    shown = 65535 * ((units - 39.5) / 399 + 0.5).clip(0, 1)
    assert np.abs(open_bands(dicom(x, **ct), '')[..., 0] - shown).max() <= 0.5
    negative = open_bands(dicom(x, **ct, PhotometricInterpretation='MONOCHROME1'), '')
    assert np.abs(negative[..., 0] - (65535 - shown)).max() <= 0.5
    plain = open_bands(dicom(x), '')  # without a window: over the bits that are stored
    assert np.abs(plain[..., 0] - 65535 * (x / 4095)).max() <= 0.5
    assert same(open_bands(dicom(x), '', values_of(1, (0, 9))), x[..., None])
    inverse = dicom(x, PhotometricInterpretation='MONOCHROME1')
    assert same(open_bands(inverse, '', values_of(1, (0, 9))), 4095 - x[..., None])
    signed = (x.astype(np.int16) - 2048).astype(np.int16)
    assert same(open_bands(dicom(signed), '', values_of(1, (0, 9))), signed[..., None])


def test_dicom_in_colors_and_in_the_jpeg_of_hospitals_is_read():
    rgb = numbers('uint8', 3)
    assert same(open_bands(dicom(rgb, 8), ''), rgb)
    x = (numbers('uint16', 1)[..., 0] >> 4).astype(np.uint16)
    lossless = imagecodecs.ljpeg_encode(x, bitspersample=12)
    data = dicom(x, syntax='1.2.840.10008.1.2.4.70', PixelData=encapsulate([lossless]))
    assert same(open_bands(data, '', values_of(1, (0, 9))), x[..., None])
    smaller = dicom(x[:8], syntax='1.2.840.10008.1.2.4.70', PixelData=encapsulate([lossless]))
    with pytest.raises(BrokenImage, match='no decoder takes the pixels'):
        open_bands(smaller, '')


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (dicom(numbers('uint16', 1)[..., 0], 16, NumberOfFrames='2'), 'DICOM of 2 frames: write'),
        (tiff(np.zeros((300, 4, 4), np.uint8)), 'TIFF of more than 256 pages: write each to'),
        (npy(np.zeros(9)), r'an array of shape \(9,\): an image is \(H, W\), \(H, W, C\) or'),
        (npy(np.zeros((2, 3, 4, 5))), r'an array of shape \(2, 3, 4, 5\): an image is'),
        (npy(np.zeros((4, 4), complex)), 'an array of complex128'),
        (npy(np.full((2, 2), 2**40)), 'whole numbers of more than 32 bits'),
        (npy(np.zeros((4, 4)))[:-8], 'damaged: buffer is smaller'),
        (tiff(numbers('uint16', 4), planarconfig='contig')[:900], 'damaged'),
        (png(numbers('uint16', 3), 2)[:400], 'damaged or truncated'),
        (b'\x89HDF\r\n\x1a\n', 'HDF5, which is no image but a data set: use mmbarlow.HDF5Images'),
    ],
)
def test_what_is_no_image_is_refused_in_words(data, reason):
    with pytest.raises(BrokenImage, match=rf'a cannot be read \({reason}'):
        open_bands(data, 'a')


def test_dicom_without_pixels_says_what_it_is():
    file = pydicom.dcmread(io.BytesIO(dicom(numbers('uint16', 1)[..., 0], 16)))
    del file.PixelData
    file.Modality = 'SR'
    out = io.BytesIO()
    file.save_as(out)
    with pytest.raises(BrokenImage, match='DICOM without pixels, of the modality SR'):
        open_bands(out.getvalue(), 'a.dcm')


def test_other_channels_than_are_set_are_refused_but_gray_counts_as_rgb():
    x = numbers('uint8', 5)
    with pytest.raises(BrokenImage, match='5 channels, where channels=3 is set'):
        open_bands(npy(x), 'a', values_of(3))
    gray = open_bands(npy(x[..., 0]), 'a', values_of(3))
    scaled = values_of(3).scale(gray)
    assert np.array_equal(scaled, np.repeat(x[..., :1], 3, 2))
    with pytest.raises(BrokenImage, match='3 channels, where channels=1 is set'):
        values_of(1).scale(x[..., :3])
    assert np.array_equal(values_of(1).scale(np.repeat(x[..., :1], 3, 2)), x[..., :1])


def test_the_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'tifffile', None)
    with pytest.raises(
        InputError, match=r"the package tifffile: pip install 'mmbarlow\[formats\]'"
    ):
        open_bands(tiff(numbers('float32', 1)[..., 0]), 'a.tif')
    open_bands(tiff(numbers('uint8', 3), photometric='rgb'), 'a.tif')  # Pillow's


def test_eight_bit_rgb_takes_what_is_certain_of_other_formats():
    rgb, gray = numbers('uint8', 3), numbers('uint8', 1)
    for data in (npy(rgb), tiff(rgb, photometric='rgb', compression='zstd'), dicom(rgb, 8)):
        assert np.array_equal(open_array(data, 'a'), rgb)
    assert np.array_equal(open_array(npy(gray[..., 0]), 'a'), np.repeat(gray, 3, 2))
    with pytest.raises(BrokenImage, match='float32 of 4 channels'):
        open_array(npy(numbers('float32', 4)), 'a')


def test_a_zip_file_and_a_folder_give_them_and_arrays_beside_images_are_passed_over(tmp_path):
    x = numbers('uint16', 5)
    folder = tmp_path / 'data'
    folder.mkdir()
    files = {'a.npy': npy(x), 'b.tif': tiff(x, planarconfig='contig'), 'c.dcm': dicom(x[..., 0])}
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        for name, data in files.items():
            archive.writestr(name, data)
            (folder / name).write_bytes(data)
    for dataset in (ImageFolder(str(folder)), ImageArchive(str(tmp_path / 'a.zip'))):
        samples = [dataset.get_data_info(i) for i in range(len(dataset))]
        assert [name_of(s).rsplit('/')[-1] for s in samples] == ['b.tif', 'c.dcm']
        assert same(open_bands(image_data(samples[0]), 'b'), x)
        assert dataset.passed_over == {'.npy': 1}
    (folder / 'b.tif').unlink()
    (folder / 'c.dcm').unlink()
    assert len(ImageFolder(str(folder))) == 1


def test_hdf5_gives_the_rows_of_its_array_and_follows_no_link(tmp_path):
    x = np.stack([numbers('int16', 2) for _ in range(3)])
    with h5py.File(tmp_path / 'other.h5', 'w') as other:
        other['images'] = x
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file.create_dataset('train/images', data=x, chunks=(1, 24, 20, 2), compression='gzip')
        file['labels'] = np.arange(3)
        file['linked'] = h5py.ExternalLink('other.h5', 'images')
        file.create_dataset('raw', (3, 4, 4), 'u1', external=[('other.h5', 0, 48)])
        file.create_dataset('lies', (2**40, 999, 999), 'u1', chunks=(1, 999, 999))
    path = str(tmp_path / 'a.h5')
    dataset = HDF5Images(path, key='train/images')
    info = dataset.get_data_info(1)
    assert (len(dataset), name_of(info)) == (3, f'{path}/train/images[1]')
    assert same(open_bands(image_data(info), ''), x[1])
    for key, message in {
        None: 'has 3 arrays (N, H, W) or (N, H, W, C), and key names one',
        'linked': 'has no array linked',
        'raw': 'its numbers are in other files',
        'lies': 'far more than the file holds',
        'labels': 'its shape is (3,)',
    }.items():
        with pytest.raises(InputError) as caught:
            HDF5Images(path, key=key)
        assert message in str(caught.value)
    (tmp_path / 'b.h5').write_bytes(b'\x89HDF\r\n\x1a\n' + bytes(99))
    with pytest.raises(InputError, match='is no HDF5 file, or damaged'):
        HDF5Images(str(tmp_path / 'b.h5'))
