import numpy as np
import pytest
from sklearn.datasets import load_digits

from mmbarlow.datasets.digits import Digits
from mmbarlow.errors import InputError


def test_the_split_holds_every_digit_once():
    train, test = Digits('train'), Digits('test')
    assert (len(train), len(test)) == (1437, 360)
    small = np.stack(
        [d[i]['img'][4::8, 4::8].ravel() for d in (train, test) for i in range(len(d))]
    )
    assert len(np.unique(small, axis=0)) > 1700  # a few of the 1,797 look the same at 4 x 4


def test_the_test_split_has_the_same_share_of_each_digit():
    labels = [sample['gt_label'] for sample in Digits('test')]
    assert np.bincount(labels).min() >= 34
    assert np.bincount(labels).max() <= 38


def test_images_are_the_digits_enlarged():
    images, labels = load_digits(return_X_y=True)
    sample = Digits('train', size=64)[0]
    assert sample['img'].shape == (64, 64, 3)
    means = sample['img'][..., 0].reshape(8, 8, 8, 8).mean((1, 3)).ravel()
    nearest = np.argmax([np.corrcoef(means, image)[0, 1] for image in images])
    assert labels[nearest] == sample['gt_label']


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="'train' or 'test', got 'val'"):
        Digits('val')
