"""All images of a data set of small ones as one array, and how their views are made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmbarlow import signals
from mmbarlow.datasets.batch_twin_views import BatchViews
from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_reading import image_data, name_of, open_array
from mmbarlow.datasets.multi_views import MultiViews
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.datasets.twin_crops import TwinCrops
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view import Views
from mmbarlow.datasets.view_size import ViewSize
from mmbarlow.errors import InputError
from mmbarlow.progress import progress

AT_ONCE = 256  # images that a worker sends together


class NotResident(InputError):
    """The images cannot be held on a device, or their views not be made there."""


class ViewRecipe(NamedTuple):
    """What a pipeline makes of an image.

    views, size: the distributions, and height and width in pixels.
    reader: what gives a sample its whole image as `img`, uint8 RGB (H, W, 3).
    """

    views: Views
    size: int
    reader: Any


def recipe_of(dataset: Any, preprocessor: nn.Module) -> ViewRecipe:
    """How the views of a data set are made, by its pipeline or by the preprocessor of the model.

    Raises:
        NotResident: by anything but `TwinViews` and `MultiViews` of one size, or their batch forms,
            or of images that are not 8-bit RGB.
    """
    pipelines = [part.pipeline.transforms for part in parts_of(dataset)]
    names = {tuple(type(step).__name__ for step in steps) for steps in pipelines}
    first = pipelines[0][0] if pipelines and pipelines[0] else None
    if len(names) == 1 and next(iter(names))[1:] in ((), ('PackInputs',)):
        if isinstance(first, CenterView) and isinstance(preprocessor, BatchViews):
            return ViewRecipe(preprocessor.views, one_size(preprocessor.sizes), first)
        if isinstance(first, TwinViews | MultiViews) and not isinstance(first, TwinCrops):
            if first.values is not None:
                raise NotResident('only views of 8-bit RGB images are made on the device.')
            return ViewRecipe(first.views, one_size(first.sizes), WholeImage())
    raise NotResident(
        f'the training images go through {" and ".join(", ".join(n) for n in sorted(names))}, and '
        'on the device there are only the views of mmbarlow.TwinViews, MultiViews and their batch '
        'forms.'
    )


def one_size(sizes: Sequence[int | ViewSize]) -> int:
    """The size of all views; raises NotResident where they have several."""
    first, *others = dict.fromkeys(map(str, sizes))
    if others or not first.isdecimal():
        told = ' and '.join([first, *others])
        raise NotResident(f'views of several sizes, {told} px, are not made on the device.')
    return int(first)


def parts_of(dataset: Any) -> Iterator[Any]:
    """The data sets with a pipeline that a data set consists of, itself among them."""
    for part in [*getattr(dataset, 'datasets', ()), getattr(dataset, 'dataset', None)]:
        if part is not None:
            yield from parts_of(part)
    if hasattr(getattr(dataset, 'pipeline', None), 'transforms'):
        yield dataset


class WholeImage:
    """Reads the image of a sample as `TwinViews` does; of a broken one there is a replacement."""

    def __init__(self) -> None:
        self.skipper = Skipper(lambda results: open_array(image_data(results), name_of(results)))

    def __call__(self, results: dict) -> dict | None:
        image = self.skipper.read(results)
        return None if image is None else dict(results, img=image)


def read_all(
    dataset: Any, reader: Any, most: float, workers: int = 0
) -> tuple[Tensor, dict[int, tuple]]:
    """All images, uint8 (N, 3, H, W), and of broken ones, by index, path and reason.

    Args:
        reader: of the `ViewRecipe`.
        most: bytes that they may take.
        workers: processes that read.

    Raises:
        NotResident: they take more, or differ in size.
    """
    with _reading(dataset, reader):
        whole = _Whole(dataset)
        height, width = whole[0][0].shape[:2]
        needed = len(dataset) * 3 * height * width
        if needed > most:
            raise NotResident(
                f'{len(dataset):,} images of {width} x {height} px take {needed / 2**20:,.0f} MiB '
                f'on the device, and {most / 2**20:,.0f} MiB are for them.'
            )
        images = torch.empty(len(dataset), 3, height, width, dtype=torch.uint8)
        broken: dict[int, tuple] = {}
        options: Any = dict(num_workers=workers, collate_fn=list, generator=torch.Generator())
        loader = DataLoader(whole, AT_ONCE, **options)
        signals.shield_workers(loader)
        start = 0
        for batch in progress(loader, 'images to the device', len(loader)):
            shapes = {image.shape for image, _ in batch} - {(height, width, 3)}
            if shapes:
                h, w = next(iter(shapes))[:2]
                raise NotResident(
                    f'the images differ in size, {width} x {height} and {w} x {h} px, and on the '
                    'device they are of one size.'
                )
            pixels = torch.from_numpy(np.stack([image for image, _ in batch]))
            images[start : start + len(batch)] = pixels.permute(0, 3, 1, 2)
            broken |= {start + i: skipped for i, (_, skipped) in enumerate(batch) if skipped}
            start += len(batch)
    return images, broken


class _Whole(Dataset):
    """Arrays (H, W, 3), each with what was skipped for it."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[np.ndarray, tuple]:
        sample = self.dataset[index]
        return sample['img'], sample.get('skipped', ())


@contextmanager
def _reading(dataset: Any, reader: Any) -> Iterator[None]:
    """Have a data set give whole images, without packing them."""
    parts = list(parts_of(dataset))
    pipelines = [part.pipeline for part in parts]
    try:
        for part in parts:
            part.pipeline = Compose([reader])
        yield
    finally:
        for part, pipeline in zip(parts, pipelines, strict=True):
            part.pipeline = pipeline
