"""The published lists of 1 % and 10 % of ImageNet, and the data set of their images."""

import hashlib
import lzma
from collections import Counter

import pytest
from mmpretrain.datasets import ImageNet

from mmbarlow.datasets import imagenet_subset
from mmbarlow.datasets.imagenet_subset import ImageNetSubset
from mmbarlow.errors import InputError


@pytest.mark.parametrize(
    ('subset', 'images', 'counts', 'start', 'end'),
    [
        ('1percent', 12_811, {12: 189, 13: 811}, '71e82a48', '49cf17'),
        ('10percent', 128_116, {128: 884, 129: 116}, '6d09de11', '6b9392091'),
    ],
)
def test_the_lists_are_those_of_simclr(subset, images, counts, start, end):
    names = imagenet_subset.read_list(subset)
    assert len(set(names)) == len(names) == images
    classes = Counter(name.split('_')[0] for name in names)
    assert Counter(classes.values()) == counts
    digest = hashlib.sha256(''.join(f'{name}\n' for name in names).encode()).hexdigest()
    assert digest.startswith(start)
    assert digest.endswith(end)


def test_the_1_percent_are_among_the_10():
    small, large = (set(imagenet_subset.read_list(s)) for s in ('1percent', '10percent'))
    assert small < large


def test_an_unknown_subset_is_refused():
    with pytest.raises(InputError, match="1percent or 10percent, got '5percent'"):
        ImageNetSubset('5percent')


def test_a_subset_of_the_validation_images_is_refused():
    with pytest.raises(InputError, match='training images, not of val'):
        ImageNetSubset('1percent', split='val')


@pytest.mark.parametrize('content', [lzma.compress(b'n01440764_1.JPEG\n'), b'cut off', None])
def test_a_damaged_list_is_refused(monkeypatch, tmp_path, content):
    monkeypatch.setattr(imagenet_subset, 'LISTS', tmp_path)
    if content is not None:
        (tmp_path / '1percent.txt.xz').write_bytes(content)
    with pytest.raises(InputError, match='1percent.txt.xz.*install mmbarlow again'):
        imagenet_subset.read_list('1percent')


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    """The 1 % as empty files in class folders, and one image more of each class."""
    root = tmp_path_factory.mktemp('imagenet')
    names = imagenet_subset.read_list('1percent')
    wnids = {name.split('_')[0] for name in names}
    for wnid in wnids:
        (root / 'train' / wnid).mkdir(parents=True)
    for name in names + [f'{wnid}_0.JPEG' for wnid in wnids]:
        (root / 'train' / name.split('_')[0] / name).touch()
    return root


def test_the_data_set_is_the_listed_images_with_imagenets_labels(images):
    subset = ImageNetSubset('1percent', data_root=str(images))
    whole = ImageNet(data_root=str(images), split='train')
    labels = {
        sample['img_path']: sample['gt_label']
        for sample in map(whole.get_data_info, range(len(whole)))
    }
    chosen = [subset.get_data_info(i) for i in range(len(subset))]
    assert (len(whole), len(chosen)) == (13_811, 12_811)
    assert all(labels[sample['img_path']] == sample['gt_label'] for sample in chosen)
    assert [s['img_path'].split('/')[-1] for s in chosen] == imagenet_subset.read_list('1percent')


def test_missing_images_are_counted_and_the_first_is_named(images):
    with pytest.raises(InputError, match='115,305 of the 128,116 .* first is n03794056/n03794056_'):
        ImageNetSubset('10percent', data_root=str(images))


def test_an_empty_folder_lacks_all_images(tmp_path):
    with pytest.raises(InputError, match='12,811 of the 12,811 images of the 1percent subset'):
        ImageNetSubset('1percent', data_root=str(tmp_path))
