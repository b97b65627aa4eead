"""Tiny ImageNet in the layout of its zip file."""

import pytest

from mmbarlow.datasets.tiny_imagenet import TinyImageNet
from mmbarlow.errors import InputError


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'wnids.txt').write_text('n02\nn01\n')
    for wnid in ('n01', 'n02'):
        folder = tmp_path / 'train' / wnid / 'images'
        folder.mkdir(parents=True)
        (folder / f'{wnid}_0.JPEG').touch()
        (folder.parent / f'{wnid}_boxes.txt').touch()
    (tmp_path / 'val' / 'images').mkdir(parents=True)
    rows = 'val_1.JPEG\tn02\t0\t0\t9\t9\nval_0.JPEG\tn01\t0\t0\t9\t9\n'
    (tmp_path / 'val' / 'val_annotations.txt').write_text(rows)
    return tmp_path


def test_both_splits_number_the_classes_alike(root):
    for split, names in (('train', ['n01_0', 'n02_0']), ('val', ['val_1', 'val_0'])):
        data = TinyImageNet(str(root), split, serialize_data=False)
        found = {sample['img_path'].split('/')[-1]: sample['gt_label'] for sample in data.data_list}
        labels = [0, 1] if split == 'train' else [1, 0]
        assert found == {f'{n}.JPEG': label for n, label in zip(names, labels, strict=True)}


def test_what_is_missing_is_named(root):
    (root / 'val' / 'val_annotations.txt').unlink()
    with pytest.raises(InputError, match='val_annotations.txt is missing'):
        TinyImageNet(str(root), 'val')
    with pytest.raises(InputError, match="must be 'train' or 'val', got 'test'"):
        TinyImageNet(str(root), 'test')
