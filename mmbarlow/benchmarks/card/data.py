"""The labeled images of a card: a user's own, or those of a shipped data set."""

from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from mmbarlow.benchmarks.evaluator import read_as_trained
from mmbarlow.benchmarks.labeled_task import LabeledTask, task_name, task_size
from mmbarlow.benchmarks.network import Network
from mmbarlow.config import check_data_folders, load_config
from mmbarlow.config_files import explained
from mmbarlow.errors import InputError
from mmbarlow.evaluation.class_names import check_splits, class_names
from mmbarlow.paths import BENCHMARKS

# Data sets with one class an image; their kNN benchmark says how they are read.
SHIPPED = tuple(sorted(path.stem.split('_')[1] for path in BENCHMARKS.glob('knn/knn_*.py')))


@dataclass(frozen=True)
class CardData:
    """Labeled images with a split, as configs of data loaders.

    name: in records. train, test: the configs. seed: of draws among the images.
    """

    name: str
    train: dict
    test: dict
    seed: int = 0

    def build(self) -> 'tuple[DataLoader, DataLoader]':
        """Loaders of both splits, which number their classes alike.

        Raises:
            InputError: the images cannot be found.
        """
        build = explained('the data')(Runner.build_dataloader)
        train, test = (build(deepcopy(part), seed=0) for part in (self.train, self.test))
        check_splits(class_names(train.dataset), class_names(test.dataset))
        return train, test

    def with_transform(self, transform: dict) -> dict:
        """The config of the test loader with one more transform before the images are packed."""
        cfg = deepcopy(self.test)
        cfg['dataset']['pipeline'].insert(-1, transform)
        return cfg


def own_card_data(task: LabeledTask, network: Network) -> CardData:
    """The labeled images of a user, shown as `mmbarlow evaluate` shows them.

    Raises:
        InputError: images have several classes.
    """
    if task.read().several:
        raise InputError(
            'a card needs images of one class each, and these have several: mmbarlow evaluate '
            'measures kNN and linear probes on them.'
        )
    views = [task.view(task.size, network.images)]
    return CardData(task.name, task.loader('train', views), task.loader('test', views), task.seed)


def shipped_card_data(
    name: str, network: Network, cfg_options: dict | None = None, seed: int = 0
) -> CardData:
    """A data set of `SHIPPED`, shown as its kNN benchmark shows it.

    Args:
        cfg_options: changes to that config, such as its `data_root`.

    Raises:
        InputError: its folder is missing.
    """
    cfg: Config = load_config(BENCHMARKS / 'knn' / f'knn_{name}.py', cfg_options)
    read_as_trained(cfg, network.images)
    loaders = [cfg.test_cfg.bank_dataloader, cfg.test_dataloader]
    for loader in loaders:
        check_data_folders(loader)
    bank, test = (loader.to_dict() for loader in loaders)
    return CardData(name, bank, test, seed)


def named_card_data(source: str, network: Network, cfg_options: dict | None = None) -> CardData:
    """Those of a data set of `SHIPPED`, or of a user's folder or file by its name.

    Raises:
        InputError: there are none, see `own_card_data` and `shipped_card_data`.
    """
    if is_shipped(source):
        return shipped_card_data(source, network, cfg_options)
    task = LabeledTask(source, task_name(source), 0)
    return own_card_data(replace(task, size=task_size(task.read())), network)


def is_shipped(source: str) -> bool:
    """Whether it is the name of a data set, and not the path of anything.

    Raises:
        InputError: it is neither.
    """
    if Path(source).expanduser().exists():
        return False
    if source not in SHIPPED:
        raise InputError(
            f'there is no folder or file {source} of labeled images, and no data set of that '
            f'name; there are {", ".join(SHIPPED)}.'
        )
    return True


def card_labels(loader: DataLoader) -> Tensor:
    """(N,), in the order of the data set, without reading an image."""
    data = loader.dataset
    return torch.tensor([
        int(data.get_data_info(i)['gt_label'])  # pyright: ignore[reportAttributeAccessIssue]
        for i in range(len(data))  # pyright: ignore[reportArgumentType]
    ])  # fmt: skip
