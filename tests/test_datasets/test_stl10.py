"""STL-10 from its own files."""

import numpy as np
import pytest
from torchvision import datasets

from mmbarlow.datasets.stl10 import STL10


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Three images with a class and two without; an image is all of one color."""
    monkeypatch.setattr(datasets.STL10, '_check_integrity', lambda self: True)
    folder = tmp_path / 'stl10_binary'
    folder.mkdir()
    for split, colors in (
        ('train', [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        ('unlabeled', [[9, 0, 9]] * 2),
    ):
        np.array(colors, np.uint8).repeat(96 * 96).tofile(folder / f'{split}_X.bin')
    np.array([10, 1, 2], np.uint8).tofile(folder / 'train_y.bin')
    return str(tmp_path)


def test_images_without_a_class_come_after_those_with_one(root):
    data = STL10(root, 'train+unlabeled')
    samples = [data.get_data_info(i) for i in range(len(data))]
    assert [sample['gt_label'] for sample in samples] == [9, 0, 1, -1, -1]
    assert [sample['img'].shape for sample in samples] == [(96, 96, 3)] * 5
    assert [sample['img'][5, 7].tolist() for sample in samples[1:4]] == [
        [4, 5, 6],
        [7, 8, 9],
        [9, 0, 9],
    ]


def test_a_choice_of_images_keeps_their_labels(root):
    data = STL10(root, 'train', indices=[2, 0])
    assert [data.get_data_info(i)['gt_label'] for i in (0, 1)] == [1, 9]
    assert [data.get_data_info(i)['img'][0, 0, 0] for i in (0, 1)] == [7, 1]
