"""Data that cannot be trained on is refused in one sentence, before anything is trained."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.errors import InputError, one_line
from mmbarlow.paths import BENCHMARKS
from mmbarlow.segmentation import mask_checks
from mmbarlow.segmentation.mask_checks import check_masks
from mmbarlow.segmentation.preparation import prepare_masks

FCN = BENCHMARKS / 'own_segmentation' / 'fcn_masks.py'


@pytest.fixture
def root(write_shapes, tmp_path) -> Path:
    return write_shapes(tmp_path / 'data', count=4)


def config(root: Path, **options) -> Config:
    return load_config(FCN, dict(data_root=str(root), **options))


def mask_of(root: Path, number: int = 0, split: str = 'train') -> np.ndarray:
    return np.asarray(Image.open(root / 'masks' / split / f'{number}.png'))


def save(root: Path, pixels: np.ndarray, name: str = '0.png', **kwargs) -> None:
    Image.fromarray(pixels).save(root / 'masks' / 'train' / name, **kwargs)


def remove(path: str):
    return lambda root: (root / path).unlink()


def every(number: int, becomes: int):
    def change(root: Path) -> None:
        for split in ('train', 'val'):
            for i in range(4):
                pixels = mask_of(root, i, split).copy()
                pixels[pixels == number] = becomes
                Image.fromarray(pixels).save(root / 'masks' / split / f'{i}.png')

    return change


def binary_255(root: Path) -> None:
    for split in ('train', 'val'):
        for i in range(4):
            pixels = np.where(mask_of(root, i, split), 255, 0).astype(np.uint8)
            Image.fromarray(pixels).save(root / 'masks' / split / f'{i}.png')


def as_jpeg(root: Path) -> None:
    save(root, mask_of(root), '0.jpg')
    (root / 'masks/train/0.png').unlink()


def turned(root: Path) -> None:
    """An image with the EXIF tag of a quarter turn, and a mask of its stored pixels."""
    exif = Image.Exif()
    exif[0x112] = 6
    path = root / 'images/train/0.jpg'
    Image.open(path).save(path, exif=exif)


CASES = {
    'no mask': (
        remove('masks/train/2.png'),
        r'1 of 4 images have no mask \(.*masks/train/2\.png\): add what is missing',
    ),
    'another size': (
        lambda root: save(root, mask_of(root)[:40]),
        r'1 of 4 masks have another size than their image \(0\.png is 72 x 40, its image 72 x 56\)',
    ),
    'turned': (turned, r'0\.png is 72 x 56 as before its EXIF tag turns it, its image 56 x 72'),
    'beyond': (
        every(2, 7),
        r'4 of 4 masks have numbers beyond those of the 3 classes, which are 0 to 2, and 255 .*'
        r'\(0\.png: 7; 1\.png: 7; \.\.\.\): name classes for the numbers up to 7',
    ),
    'from 1 on': (
        every(0, 3),
        r'numbers up to 3, or .*if 0 stands for no class, set reduce_zero_l',
    ),
    'color': (
        lambda root: save(root, np.stack([mask_of(root)] * 3, axis=-1)),
        r'1 of 4 masks cannot be used \(0\.png: it has the mode RGB\): save the number of',
    ),
    '16 bits': (lambda root: save(root, mask_of(root).astype(np.uint16)), r'has the mode I;16'),
    'jpeg': (as_jpeg, r'0\.jpg: it is a JPEG, which changes numbers'),
    '0 and 255': (binary_255, r'only the number 0 and 255, which is ignored \(an object is 1, not'),
    'one class': (
        lambda root: (every(1, 0)(root), every(2, 0)(root)),
        r'have only the number 0, so',
    ),
    'broken mask': (
        lambda root: (root / 'masks/train/1.png').write_bytes(b'\x89PNG\r\n\x1a\n'),
        r'1 of 4 masks cannot be used \(1\.png: ',
    ),
    'broken image': (
        lambda root: (root / 'images/train/1.jpg').write_bytes(b'no image'),
        r'1 of 4 images cannot be read \(1\.jpg: ',
    ),
    'no images': (
        lambda root: [path.unlink() for path in (root / 'images/train').iterdir()],
        r'there is no image in .*images/train: names of images end in',
    ),
    'no folder': (
        lambda root: shutil.rmtree(root / 'masks'),
        r'has no folders images/ and masks/ or',
    ),
    'no val': (lambda root: shutil.rmtree(root / 'images/val'), r'there is no folder .*images/val'),
    'no classes': (
        remove('classes.txt'),
        r'classes\.txt cannot be read \(no such file or directory',
    ),
    'twice': (
        lambda root: (root / 'classes.txt').write_text('a\nb\nb'),
        r"classes\.txt has the class 'b' twice",
    ),
    'one name': (
        lambda root: (root / 'classes.txt').write_text('a'),
        r'has 1 classes: give 2 to 255',
    ),
    'no text': (
        lambda root: (root / 'classes.txt').write_bytes(b'\xff\xfea'),
        r'classes\.txt cannot be read \(not utf-8\)',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_it_is_refused(case, root):
    change, says = CASES[case]
    change(root)
    with pytest.raises(InputError, match=says) as raised:
        check_masks(config(root))
    assert '\n' not in one_line(raised.value)


def test_good_data_gives_its_classes_and_the_images_to_train_on(root):
    facts = check_masks(config(root))
    assert facts == (('background', 'disc', 'square'), 4)


def test_ignored_pixels_and_palettes_are_good_and_give_their_colors(root):
    picture = Image.fromarray(np.where(mask_of(root) == 2, 255, mask_of(root)))
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [9] * 759)
    picture.save(root / 'masks/train/0.png')
    assert check_masks(config(root)).images == 4


def test_classes_of_two_splits_that_differ_are_named(root):
    other = dict(classes=['background', 'square', 'disc'])
    cfg = config(root)
    cfg.val_dataloader.dataset.metainfo = other
    with pytest.raises(InputError, match='the 3 classes of train_dataloader, background; disc; sq'):
        check_masks(cfg)


def test_a_class_without_a_pixel_is_a_warning(root, monkeypatch):
    said = []
    monkeypatch.setattr(mask_checks, 'print_log', lambda text, *where: said.append(text))
    (root / 'classes.txt').write_text('background\ndisc\nsquare\ncone\n')
    check_masks(config(root))
    assert said == ['the masks to train on have no pixel of 1 of 4 classes.']


def test_a_head_of_other_classes_names_the_key_to_set(root):
    cfg = config(root, **{'model.decode_head.num_classes': 5})
    with pytest.raises(
        InputError, match=r'the decode_head has 5 .* model\.decode_head\.num_classes=3'
    ):
        prepare_masks(cfg)


def test_the_tool_ends_with_status_2_and_leaves_nothing(root, run_tool, tmp_path):
    (root / 'masks/train/2.png').unlink()
    options = ['--work-dir', tmp_path / 'run', '--cfg-options', f'data_root={root}']
    status, _, err = run_tool('train.py', FCN, *options)
    assert status == 2
    assert err.startswith('error: 1 of 4 images have no mask')
    assert not (tmp_path / 'run').exists()
