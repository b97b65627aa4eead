"""Labels of class folders follow the names in the training split."""

from pathlib import Path

import pytest

from mmbarlow.datasets import passed_over
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


def test_what_is_passed_over_is_counted_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(passed_over, 'print_log', lambda text, *_: said.append(text))
    touch(tmp_path, 'train/red/a.jpg', 'train/red/b.HEIC', 'train/red/c.heic', 'train/red/d')
    touch(tmp_path, 'train/red/.hidden.dcm', 'train/loose.jpg', 'train/blue/a.heic')
    touch(tmp_path, 'train/green/a.jpg', 'test/red/a.jpg', 'test/Thumbs.db', 'test/.DS_Store')
    for split in ('train', 'test', 'train'):
        ClassFolders(str(tmp_path), split)
    assert said == [
        f'passed over: 3 .heic, 1 without an extension, 1 in no class folder in {tmp_path}/train',
        f'no class, since there is no image in it: blue in {tmp_path}/train',
        f'passed over: 1 .db in {tmp_path}/test',
        'test has no image of the classes green',
    ]


def test_nested_and_linked_folders_belong_to_their_first_folder(tmp_path):
    touch(tmp_path, 'train/red/2024/a.jpg', 'elsewhere/b.jpg', 'test/red/a.jpg')
    (tmp_path / 'train' / 'blue').symlink_to(tmp_path / 'elsewhere')
    assert labels(tmp_path, 'train') == {'blue/b.jpg': 0, 'red/2024/a.jpg': 1}
    assert labels(tmp_path, 'test') == {'red/a.jpg': 1}


def test_another_case_is_another_class(tmp_path):
    touch(tmp_path, 'train/red/a.jpg', 'test/Red/a.jpg')
    with pytest.raises(InputError, match='test in .* has the classes Red, and train has no image'):
        ClassFolders(str(tmp_path), 'test')
