"""A part of the labels of any data set, evenly over the classes."""

import numpy as np
import pytest

from mmbarlow.datasets.digits import Digits
from mmbarlow.datasets.label_subset import LabelSubset, choose
from mmbarlow.errors import InputError

DIGITS = dict(type='mmbarlow.Digits', split='train')


@pytest.mark.parametrize(('percent', 'counts'), [(1, [1, 2]), (10, [14, 15]), (50, [71, 72])])
def test_every_class_has_as_many_labels_as_any_other(percent, counts):
    subset = LabelSubset(DIGITS, percent)
    assert len(subset) == 1437 * percent // 100
    of_class = np.bincount([sample['gt_label'] for sample in subset], minlength=10)
    assert sorted(set(of_class)) == counts


def test_the_samples_are_those_of_the_data_set():
    subset, whole = LabelSubset(DIGITS, 1), Digits('train')
    assert len(set(subset.indices)) == len(subset) == 14
    for sample, index in zip(subset, subset.indices, strict=True):
        assert sample['gt_label'] == whole[index]['gt_label']
        assert np.array_equal(sample['img'], whole[index]['img'])
    assert subset.metainfo['classes'] == tuple('0123456789')


def test_the_choice_is_the_same_on_every_machine_and_another_for_another_seed():
    labels = np.arange(40) % 4
    assert choose(labels, 20, seed=0) == [5, 8, 11, 20, 21, 22, 23, 26]
    assert choose(labels, 20, seed=1) != choose(labels, 20, seed=0)


@pytest.mark.parametrize('seed', range(5))
def test_a_smaller_part_is_within_a_larger_one(seed):
    labels = np.random.default_rng(seed).integers(0, 7, 1000)
    parts = [set(choose(labels, percent, seed)) for percent in (1, 3.3, 10, 10.1, 80)]
    assert [len(part) for part in parts] == [10, 33, 100, 101, 800]
    assert all(small < large for small, large in zip(parts, parts[1:], strict=False))


@pytest.mark.parametrize(
    ('labels', 'percent', 'says'),
    [
        ([0, 1] * 10, 5, '5 % of 20 images is less than one for each of 2 classes'),
        ([0] * 18 + [1] * 2, 50, 'is 5 per class, but class 1 has 2'),
    ],
)
def test_what_cannot_be_balanced_is_refused(labels, percent, says):
    with pytest.raises(InputError, match=says):
        choose(np.array(labels), percent, seed=0)


@pytest.mark.parametrize('percent', [0, -1, 101])
def test_a_percentage_out_of_range_is_refused(percent):
    with pytest.raises(InputError, match='above 0 and at most 100'):
        LabelSubset(DIGITS, percent)


def test_images_without_labels_are_refused(tmp_path):
    (tmp_path / 'a.jpg').touch()
    unlabeled = dict(type='mmpretrain.CustomDataset', data_root=str(tmp_path), with_label=False)
    with pytest.raises(InputError, match='mmpretrain.CustomDataset has samples without gt_label'):
        LabelSubset(unlabeled, 50)
