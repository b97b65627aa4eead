"""The splits of a benchmark number their classes alike, or nothing is measured."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset, ImageNet
from PIL import Image
from torch.utils.data import Subset

from mmbarlow.benchmarks.evaluator import Evaluator, is_training
from mmbarlow.config import load_config
from mmbarlow.datasets import passed_over
from mmbarlow.datasets.class_folders import ClassFolders
from mmbarlow.errors import InputError
from mmbarlow.evaluation.class_names import check_splits, class_names
from mmbarlow.models.encoder import Encoder

ROOT = Path(__file__).parents[2]
COLORS = dict(blue=(30, 30, 220), green=(30, 200, 30), red=(220, 30, 30))


def write(root: Path, split: str, *classes: str, number: int = 6) -> None:
    """Images of noise around a color for each class."""
    random = np.random.default_rng(len(split))
    for name in classes:
        (root / split / name).mkdir(parents=True, exist_ok=True)
        for i in range(number):
            noise = random.normal(COLORS[name], 20, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noise).save(root / split / name / f'{i}.png')


def custom(root: Path, split: str, **options) -> CustomDataset:
    return CustomDataset(data_root=str(root), data_prefix=split, **options)


def compare(root: Path) -> None:
    check_splits(*(class_names(custom(root, split)) for split in ('train', 'test')))


def test_splits_with_the_same_folders_agree(tmp_path):
    write(tmp_path, 'train', *COLORS, number=1)
    write(tmp_path, 'test', 'blue', 'green', number=1)  # whose labels are those of training
    compare(tmp_path)


def test_a_class_that_one_split_lacks_is_named_with_both_labels(tmp_path):
    write(tmp_path, 'train', *COLORS, number=1)
    write(tmp_path, 'test', 'green', 'red', number=1)
    says = "'green' has the label 0 in the test split and the label 1 in the training split"
    names = r'\(training: blue, green, red; test: green, red\)'
    with pytest.raises(InputError, match=f'{says} {names}'):
        compare(tmp_path)
    train, test = custom(tmp_path, 'train'), custom(tmp_path, 'test')
    with pytest.raises(InputError, match=says):  # inside of other data sets, too
        check_splits(class_names(Subset(Subset(train, [0]), [0])), class_names(test))


def test_a_hidden_folder_and_a_class_of_the_test_split_alone_are_found(tmp_path):
    for split in ('train', 'test'):
        write(tmp_path, split, 'green', 'red', number=1)
    (tmp_path / 'train' / '.ipynb_checkpoints').mkdir()
    with pytest.raises(InputError, match='training: .ipynb_checkpoints, green, red'):
        compare(tmp_path)
    (tmp_path / 'train' / '.ipynb_checkpoints').rmdir()
    write(tmp_path, 'test', 'blue', number=1)
    with pytest.raises(InputError, match="'blue' has the label 0 .* no images in the training"):
        compare(tmp_path)


def test_folders_count_where_the_names_are_fixed(tmp_path):
    """ImageNet's thousand names are the same, whatever the folders are."""
    options = dict(metainfo=dict(classes=['x', 'y']))
    write(tmp_path, 'train', 'blue', 'red', number=1)
    write(tmp_path, 'val', 'green', 'red', number=1)
    splits = [ImageNet(str(tmp_path), split, **options) for split in ('train', 'val')]
    with pytest.raises(InputError, match="'green' has the label 0 in the test split and no images"):
        check_splits(*map(class_names, splits))


def test_names_in_the_metainfo_are_compared_and_lists_without_names_are_not(tmp_path):
    write(tmp_path, 'train', *COLORS, number=1)
    (tmp_path / 'list.txt').write_text('blue/0.png 0\n')
    listed = custom(tmp_path, 'train', ann_file='list.txt')
    own = ClassFolders(str(tmp_path))
    check_splits(class_names(own), class_names(listed))
    named = custom(tmp_path, 'train', ann_file='list.txt', metainfo=dict(classes=['red', 'blue']))
    with pytest.raises(InputError, match="'red' has the label 0 in the test split and the label 2"):
        check_splits(class_names(own), class_names(named))


def test_what_another_data_set_passes_over_is_counted_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(passed_over, 'print_log', lambda text, *_: said.append(text))
    write(tmp_path, 'train', 'red', number=1)
    for name in ('a.webp', 'b.WEBP', 'c.heic', '.d.dcm'):
        (tmp_path / 'train' / 'red' / name).touch()
    for _ in range(2):
        class_names(custom(tmp_path, 'train'))
    assert said == [f'passed over: 2 .webp, 1 .heic in {tmp_path}/train']


def benchmark(root: Path, name: str, kind: str) -> Config:
    """A benchmark of CIFAR-10 on the two splits in `root`, as data sets of another kind."""
    cfg = load_config(ROOT / 'configs' / 'benchmarks' / name, work_dir=str(root / 'work'))
    if is_training(cfg):
        loaders = cfg.train_dataloader, cfg.val_dataloader
    else:
        loaders = cfg.test_cfg.bank_dataloader, cfg.test_dataloader
    for loader, split in zip(loaders, ('train', 'test'), strict=True):
        loader.update(num_workers=0, persistent_workers=False, batch_size=6)
        kept = dict(pipeline=loader.dataset.pipeline, data_root=str(root))
        loader.dataset = dict(type=kind, data_prefix=split, **kept)
    return cfg


@pytest.mark.parametrize('name', ['knn/knn_cifar10.py', 'linear/linear-sgd_cifar10.py'])
def test_a_benchmark_whose_splits_disagree_stops_before_it_measures(tmp_path, name):
    write(tmp_path, 'train', *COLORS)
    write(tmp_path, 'test', 'green', 'red')
    backbone = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
    evaluator = Evaluator(Encoder(backbone).eval(), dict(backbone=backbone))
    with pytest.raises(InputError, match='the splits number their classes differently: .green.'):
        evaluator.measure(benchmark(tmp_path, name, 'mmpretrain.CustomDataset'), 0)


def test_labels_that_follow_the_training_split_give_the_right_number(tmp_path):
    write(tmp_path, 'train', *COLORS)
    write(tmp_path, 'test', 'green', 'red')
    pixels = dict(type='mmbarlow.RawPixels')
    scale = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3)
    evaluator = Evaluator(Encoder(pixels, scale).eval(), dict(backbone=pixels))
    metrics = evaluator.measure(
        benchmark(tmp_path, 'knn/knn_cifar10.py', 'mmbarlow.ClassFolders'), 0
    )
    assert set(metrics.values()) == {100.0}
