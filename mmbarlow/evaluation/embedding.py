"""Features of any number of images, in the memory of a few batches."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from mmbarlow.datasets.image_reading import name_of
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.errors import BrokenImage, InputError
from mmbarlow.evaluation.feature_store import FeatureStore, on_a_line
from mmbarlow.models.encoder import Encoder
from mmbarlow.progress import progress

Batch = tuple[Tensor, list[str], list[tuple[str, str]]]


class CenterViews(Dataset):
    """The center views of a data set's images, with their names; (path, reason) of broken ones."""

    def __init__(self, images: BaseDataset, view: CenterView) -> None:
        self.images, self.view = images, view

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[str, Tensor | str]:
        info = self.images.get_data_info(index)
        try:
            view = self.view.transform(info)
        except BrokenImage as error:
            return on_a_line(name_of(info)), error.reason
        assert view is not None  # it skips nothing
        return on_a_line(name_of(info)), torch.from_numpy(view['img']).permute(2, 0, 1)


def collate_readable(samples: list[tuple[str, Tensor | str]]) -> Batch:
    """Images (n, 3, H, W), uint8, and their names; the others with their reasons."""
    views = [(name, view) for name, view in samples if isinstance(view, Tensor)]
    broken = [(name, reason) for name, reason in samples if isinstance(reason, str)]
    images = torch.stack([view for _, view in views]) if views else torch.empty(0)
    return images, [name for name, _ in views], broken


def center_loader(
    images: BaseDataset, view: CenterView, batch_size: int, workers: int, start: int = 0
) -> DataLoader:
    """Batches of the images from `start` on, in their order, as `collate_readable` makes them."""
    return DataLoader(
        Subset(CenterViews(images, view), range(start, len(images))),
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=collate_readable,
        pin_memory=torch.cuda.is_available(),
    )


@torch.no_grad()
def embed_images(model: Encoder, loader: DataLoader, store: FeatureStore) -> None:
    """Write the features of the images of `center_loader` to a store, as `extract_features` makes
    them.

    Raises:
        InputError: none of the images can be read, features are too large for the store's type or
            not finite, they cannot be written, or a worker of the loader died.
    """
    for images, names, broken in _alive(progress(loader, 'features')):
        features = np.empty((0, store.columns))
        if names:
            inputs = model.data_preprocessor(dict(inputs=images, data_samples=None))
            features = model(inputs['inputs']).float().cpu().numpy()
            _check_range(features, store.dtype, names)
        begun = bool(store.columns)
        store.append(names, features, [f'{path}\t{reason}' for path, reason in broken])
        if names and not begun:
            store.check_room(store.done + len(loader.dataset))  # pyright: ignore[reportArgumentType]
    if not store.rows:
        raise InputError(f'no image can be read; the first is {store.first_broken()}.')


def _alive(batches: Iterable[Batch]) -> Iterator[Batch]:
    try:
        yield from batches
    except RuntimeError as error:
        if 'DataLoader worker' not in str(error):
            raise
        raise InputError(
            'a process that reads images died, most likely because memory ran out: use fewer '
            '--workers or a smaller --batch-size; the same command goes on.'
        ) from error


def _check_range(features: np.ndarray, dtype: np.dtype, names: list[str]) -> None:
    high = np.finfo(dtype).max
    bad = ~(np.abs(features) <= high).all(1)  # NaN is not below anything
    if bad.any():
        name = names[int(bad.argmax())]
        most = float(np.abs(features[bad]).max())
        cure = 'take --dtype float32' if np.isfinite(most) else 'its training diverged'
        raise InputError(f'features of {name} reach {most:,.0f}, above {high:,.0f}: {cure}.')


def indices_of_rows(dataset: BaseDataset, broken: Path) -> np.ndarray:
    """The index in the data set of each row of its features, from the list of broken images."""
    failed = set()
    if broken.is_file():
        failed = {line.split('\t')[0] for line in broken.read_text().splitlines()}
    if not failed:
        return np.arange(len(dataset))
    named = (on_a_line(name_of(dataset.get_data_info(i))) for i in range(len(dataset)))
    return np.array([i for i, name in enumerate(named) if name not in failed])
