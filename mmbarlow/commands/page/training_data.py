"""What a run was trained on: the data set, a sample of its images, and views of some of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner
from torch import Tensor

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import check_data_folders
from mmbarlow.config_files import explained
from mmbarlow.datasets.image_checks import check_sample, summary
from mmbarlow.datasets.passed_over import passed_over
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS, MODELS

SHOWN = ('formats', 'sizes', 'pixels', 'dropped', 'one color', 'dark')  # lines of `summary`
LOOKED_AT = 256  # images whose files are decoded for the table
BATCH = 64


def build_training_data(cfg: Config) -> Any:
    """The data set that the config trains on.

    Raises:
        InputError: it cannot be built, such as when its images are not there any more.
    """
    loader = cfg.get('train_dataloader')
    if not loader:
        raise InputError('The config has no train_dataloader.')
    check_data_folders(dict(train_dataloader=loader))
    with explained('the training data'):
        return DATASETS.build(loader.dataset)


def facts_of_images(dataset: Any) -> list[tuple[str, str]]:
    """What a table says of the images: kinds, sizes and pixels of a sample, and what is left out.

    Raises:
        BrokenImage: the data set cannot say which images it has.
    """
    checked = check_sample(dataset, min(LOOKED_AT, len(dataset)))
    rows = []
    for line in summary(checked):
        name, value = line[:10].strip(), line[10:]
        if name in SHOWN and not (name == 'formats' and not checked[0].kind):  # of arrays
            rows.append((name, value))
    if checked:
        broken = sum(bool(c.reason) for c in checked)
        rows.append(('looked at', f'{len(checked):,} of them, {broken:,} cannot be read'))
    if counts := getattr(dataset, 'passed_over', None):
        rows.append(('passed over', passed_over(counts).removeprefix('passed over: ')))
    if folders := getattr(dataset, 'unreadable', None):
        rows.append(('folders left out', f'{len(folders):,}, which cannot be read'))
    return rows


def trained_network(cfg: Config, checkpoint: Path | None) -> Any:
    """The network of the pretraining with its projector, in eval mode on the best device.

    Without a checkpoint its weights are arbitrary, and only its views are of use.

    Raises:
        InputError: it cannot be built, or the checkpoint does not fit it.
    """
    with explained('the network of the config'):
        model = MODELS.build(cfg.model)
    if checkpoint:
        with explained(f'{checkpoint}'):
            model.load_state_dict(read_checkpoint(checkpoint)['state_dict'])
    return model.to(get_device()).eval()


def spread(length: int, number: int) -> list[int]:
    """At most `number` indices at equal distances."""
    return np.unique(np.linspace(0, length - 1, min(number, length)).round().astype(int)).tolist()


def views_of(cfg: Config, model: Any, dataset: Any, indices: list[int]) -> Iterator[list[Tensor]]:
    """The views of some images as the first epoch has them, normalized, a batch at a time.

    Yields lists of tensors (n, 3, H, W), one tensor for each view.
    """
    seed = (cfg.get('randomness') or {}).get('seed') or 0
    loader = {k: v for k, v in cfg.train_dataloader.items() if k in ('collate_fn', 'pin_memory')}
    keyed = [SampleIndex(i, Key(seed, 0, i)) for i in indices]
    loader |= dict(dataset=dataset, sampler=keyed, batch_size=BATCH, num_workers=0)
    for batch in Runner.build_dataloader(loader, seed=seed):
        with torch.no_grad():
            views = model.data_preprocessor(batch, True)['inputs']
        if not isinstance(views, list) or len(views) < 2:
            raise InputError('The network of this config does not train on two views.')
        yield views
