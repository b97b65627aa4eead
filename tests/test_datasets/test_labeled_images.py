"""Labels as users have them: class folders, tables, COCO's classification files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmbarlow.datasets.labeled_images import read_labeled
from mmbarlow.datasets.stratified_split import stratified_split
from mmbarlow.errors import InputError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (2, 2)).save(path)
    return root


def names_of(labeled) -> dict[str, str]:
    return {
        Path(path).name: labeled.classes[label]
        for path, label in zip(labeled.paths, labeled.labels, strict=True)
    }


def table(root: Path, text: str) -> Path:
    path = root / 'labels.csv'
    path.write_text(text)
    return path


@pytest.fixture
def four(tmp_path) -> Path:
    return touch(tmp_path, 'a.jpg', 'b.jpg', 'c.jpg', 'sub/d.jpg')


def test_class_folders_without_a_split(tmp_path):
    touch(tmp_path, 'cat/1.jpg', 'cat/deep/2.png', 'dog/3.jpg', 'dog/4.jpg', '.hidden/5.jpg')
    (tmp_path / 'empty').mkdir()
    labeled = read_labeled(tmp_path)
    assert labeled.classes == ['cat', 'dog']
    assert labeled.split is None
    assert names_of(labeled) == {'1.jpg': 'cat', '2.png': 'cat', '3.jpg': 'dog', '4.jpg': 'dog'}


@pytest.mark.parametrize('test', ['test', 'val', 'Validation'])
def test_class_folders_with_a_split(tmp_path, test):
    touch(tmp_path, 'train/cat/1.jpg', 'train/dog/2.jpg', f'{test}/dog/3.jpg', 'train/emu/4.jpg')
    labeled = read_labeled(tmp_path, split=0.5)  # which the folders have already
    assert labeled.classes == ['cat', 'dog', 'emu']
    assert names_of(labeled.part('test')) == {'3.jpg': 'dog'}
    assert names_of(labeled.part('train')) == {'1.jpg': 'cat', '2.jpg': 'dog', '4.jpg': 'emu'}


def test_beside_test_images_those_of_val_are_left_out(tmp_path):
    files = [f'{split}/{c}/{split}.jpg' for split in ('train', 'val', 'test') for c in 'ab']
    labeled = read_labeled(touch(tmp_path, *files))
    assert {Path(p).stem for p in labeled.paths} == {'train', 'test'}


def test_folders_called_as_splits_can_be_classes(tmp_path):
    touch(tmp_path, 'train/1.jpg', 'bus/2.jpg', 'test/3.jpg')  # of vehicles, say
    assert read_labeled(tmp_path).classes == ['bus', 'test', 'train']


def test_a_table_has_paths_relative_to_itself_and_maybe_a_split(four):
    text = '\ufeffPath;Label;split;more\na.jpg;10;train;x\nb.jpg;9;train;\nc.jpg;9;val;\n'
    labeled = read_labeled(table(four, text + 'sub/d.jpg;10;val;\n'))
    assert labeled.classes == ['9', '10']  # as numbers
    assert names_of(labeled) == {'a.jpg': '10', 'b.jpg': '9', 'c.jpg': '9', 'd.jpg': '10'}
    assert labeled.split == ['train', 'train', 'test', 'test']


@pytest.mark.parametrize(
    'rows', ['a.jpg,x|y\nb.jpg,x\nc.jpg,\n', 'a.jpg,x\nb.jpg,x\na.jpg,y\nc.jpg,\n']
)
def test_several_labels_of_an_image_make_all_multi_label(four, rows):
    labeled = read_labeled(table(four, 'path,label\n' + rows))
    assert labeled.several
    np.testing.assert_array_equal(labeled.labels, [[1, 1], [1, 0], [0, 0]])
    assert labeled.labels.dtype == bool


def test_a_row_that_is_there_twice_is_one_image(four):
    labeled = read_labeled(table(four, 'path,label\na.jpg,x\na.jpg,x\nb.jpg,y\n'))
    assert labeled.labels.tolist() == [0, 1]


def coco(root: Path, annotations: list[tuple[int, int]], folder: str = '') -> Path:
    names = ['a.jpg', 'b.jpg', 'c.jpg', 'sub/d.jpg']
    data = dict(
        images=[dict(id=i, file_name=name) for i, name in enumerate(names)],
        annotations=[dict(image_id=i, category_id=c) for i, c in annotations],
        categories=[dict(id=7, name='x'), dict(id=3, name='y'), dict(id=4, name='unused')],
    )
    path = root / folder / 'labels.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize('folder', ['', 'annotations'])
def test_a_classification_file_of_coco(four, folder):
    labeled = read_labeled(coco(four, [(0, 7), (1, 3), (3, 7), (3, 7)], folder))
    assert labeled.classes == ['x', 'y']  # c.jpg has no label and is left out
    assert names_of(labeled) == {'a.jpg': 'x', 'b.jpg': 'y', 'd.jpg': 'x'}
    several = read_labeled(coco(four, [(0, 7), (0, 3), (1, 3)], folder))
    np.testing.assert_array_equal(several.labels, [[1, 1], [0, 1], [0, 0], [0, 0]])


def test_a_split_takes_the_share_of_each_class_and_follows_its_seed():
    labels = np.repeat([0, 1, 2], [50, 10, 2])
    draws = [stratified_split(labels, 0.2, seed, 'abc') for seed in (0, 0, 1)]
    assert [np.bincount(labels[draw]).tolist() for draw in draws] == [[10, 2, 1]] * 3
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_a_split_of_multi_labels_keeps_the_rare_classes_on_both_sides():
    rng = np.random.default_rng(0)
    labels = rng.random((500, 4)) < [0.5, 0.3, 0.05, 0.01]
    labels[0, 3] = labels[1, 3] = True
    test = stratified_split(labels, 0.2, 0, 'abcd')
    counts = labels.sum(0)
    np.testing.assert_allclose(labels[test].sum(0) / counts, 0.2, atol=0.5 / counts.min() + 0.02)
    assert abs(test.mean() - 0.2) < 0.02


FILES = ['cat/1.jpg', 'cat/2.jpg', 'dog/3.jpg']
BAD_FOLDERS = {
    'is empty: put a folder with images for each class there': [],
    'has 2 images and no labels: put the images of each class in a folder': ['1.jpg', '2.jpg'],
    'has only the class cat': ['cat/1.jpg', 'cat/2.jpg'],
    'the class dog has 1 image, so that it cannot be split into training and test': FILES,
    "has the classes dog in its test images only (1 in all)": [
        *('train/cat/1.jpg', 'train/emu/2.jpg', 'test/dog/3.jpg')
    ],
}  # fmt: skip


@pytest.mark.parametrize(('says', 'files'), BAD_FOLDERS.items())
def test_folders_that_are_not_labeled_images_end_in_a_sentence(tmp_path, says, files):
    touch(tmp_path, *files)
    with pytest.raises(InputError) as error:
        read_labeled(tmp_path, split=0.2)
    assert says in str(error.value)


BAD_TABLES = {
    'has no column label: its first line must name': 'path,class\na.jpg,x\n',
    'has no column path and no column label': 'a.jpg,x\nb.jpg,y\n',
    '2 of the 3 images of': 'path,label\nno.jpg,x\na.jpg,y\nsub/no.jpg,y\n',
    'no.jpg, sub/no.jpg. Put them there': 'path,label\nno.jpg,x\na.jpg,y\nsub/no.jpg,y\n',
    'has no rows below its first line': 'path,label\n',
    'line 3 of': 'path,label\na.jpg,x\n,y\n',
    "is called 'train': it needs": 'path,label,split\na.jpg,x,train\nb.jpg,y,train\n',
    'a.jpg in both splits': 'path,label,split\na.jpg,x,train\na.jpg,x,test\nb.jpg,y,test\n',
    'has no class': 'path,label\na.jpg,\nb.jpg,\n',
}


@pytest.mark.parametrize(('says', 'text'), BAD_TABLES.items())
def test_tables_that_are_none_end_in_a_sentence(four, says, text):
    with pytest.raises(InputError) as error:
        read_labeled(table(four, text))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ('says', 'text'),
    [
        ('cannot be read as JSON', '{"images": ['),
        ("'categories' is missing: it needs images", '{"images": []}'),
        ('its parts are no objects', '[1, 2]'),
        ('has labels and no images', '{"images": [], "annotations": [], "categories": []}'),
    ],
)
def test_files_that_are_not_of_coco_end_in_a_sentence(tmp_path, says, text):
    path = tmp_path / 'labels.json'
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_labeled(path)
    assert says in str(error.value)


def test_what_is_no_source_of_labels_is_named(tmp_path):
    with pytest.raises(InputError, match='there is no folder or file .*nowhere'):
        read_labeled(tmp_path / 'nowhere')
    (tmp_path / 'labels.txt').write_text('a.jpg x')
    with pytest.raises(InputError, match='give a folder with one folder for each class'):
        read_labeled(tmp_path / 'labels.txt')
