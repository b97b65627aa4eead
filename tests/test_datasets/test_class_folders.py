"""Labels of class folders follow the names in the training split."""

from pathlib import Path

import pytest

from mmbarlow.datasets import image_folder
from mmbarlow.datasets.class_folders import ClassFolders
from mmbarlow.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def labels(root: Path, split: str) -> dict[str, int]:
    dataset = ClassFolders(str(root), split)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return {str(Path(i['img_path']).relative_to(root / split)): i['gt_label'] for i in infos}


def test_labels_follow_the_names_of_the_training_split(tmp_path):
    touch(tmp_path, 'train/blue/a.jpg', 'train/green/a.webp', 'train/red/deep/a.GIF')
    touch(tmp_path, 'test/green/a.jpg', 'test/red/a.tiff')
    for split in ('train', 'test'):  # hidden, empty and without an image
        (tmp_path / split / '.ipynb_checkpoints').mkdir()
        touch(tmp_path, f'{split}/.cache/a.jpg')
    (tmp_path / 'train' / 'empty').mkdir()
    touch(tmp_path, 'test/aaa/notes.txt', 'test/a.jpg')
    assert labels(tmp_path, 'train') == {'blue/a.jpg': 0, 'green/a.webp': 1, 'red/deep/a.GIF': 2}
    assert labels(tmp_path, 'test') == {'green/a.jpg': 1, 'red/a.tiff': 2}
    assert ClassFolders(str(tmp_path), 'test').metainfo['classes'] == ('blue', 'green', 'red')


def test_a_class_that_training_does_not_have_is_named(tmp_path):
    touch(tmp_path, 'train/red/a.jpg', 'test/red/a.jpg', 'test/blue/a.jpg')
    with pytest.raises(InputError, match='test in .* has the classes blue, and train has no image'):
        ClassFolders(str(tmp_path), 'test')


def test_a_split_without_folder_or_class_ends_in_one_sentence(tmp_path):
    (tmp_path / 'train').mkdir()
    with pytest.raises(InputError, match='no folder with an image in .*/train'):
        ClassFolders(str(tmp_path))
    with pytest.raises(InputError, match='there is no folder .*/nowhere/train'):
        ClassFolders(str(tmp_path / 'nowhere'))


def test_what_is_passed_over_is_counted_in_one_line(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(image_folder, 'print_log', lambda text, *_: said.append(text))
    touch(tmp_path, 'train/red/a.jpg', 'train/red/b.HEIC', 'train/red/c.heic', 'train/red/d')
    touch(tmp_path, 'train/red/.hidden.dcm')
    ClassFolders(str(tmp_path))
    assert said == ['passed over: 2 .heic, 1 without an extension']
