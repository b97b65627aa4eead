"""Batches of images that lie on the device, of which only the keys are handed over."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmengine.hooks import Hook
from mmengine.structures import BaseDataElement
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader

from mmbarlow.datasets.batch_plan import send
from mmbarlow.datasets.device_views import DeviceViews
from mmbarlow.datasets.keyed_batches import KeyedBatches
from mmbarlow.datasets.sample_random import Key, SampleIndex, ViewSampler
from mmbarlow.datasets.shared_batches import own_images
from mmbarlow.datasets.whole_images import NotResident


class ResidentImages:
    """Images on a device, and what makes their views there.

    Args:
        images: uint8 (N, 3, H, W), on the device.
        views: what makes the views.
        dataset: that the images are of.
        broken: path and reason of those that others stand for, by the index of the place.
        whole: whether the loader gives whole images, of which the model makes the views.
    """

    def __init__(
        self,
        images: Tensor,
        views: DeviceViews,
        dataset: Any,
        broken: dict[int, tuple],
        whole: bool = False,
    ) -> None:
        self.images, self.views = images, views
        self.dataset, self.broken, self.whole = dataset, broken, whole

    def of(self, keys: Tensor) -> Tensor:
        """The images, uint8 (n, 3, H, W), with the keys (n, 3)."""
        return self.images.index_select(0, keys[:, 2])

    def make(self, keys: Tensor) -> list[Tensor]:
        """Views, float32 (n, 3, size, size), 0 to 255, of images with the keys (n, 3)."""
        return self.views.make(self.of(keys), keys)


class ResidentSamples(Sequence):
    """The data samples of a batch, of which each is made when it is asked for.

    Attributes:
        skipped: path and reason of the broken images in the places of this batch.
    """

    def __init__(self, source: ResidentImages, keys: np.ndarray) -> None:
        self.source, self.keys = source, keys

    @property
    def skipped(self) -> list[tuple[str, str]]:
        broken = self.source.broken
        return [pair for i in self.keys[:, 2].tolist() for pair in broken.get(i, ())] * bool(broken)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, place: Any) -> Any:
        key = Key(*self.keys[place].tolist())
        dataset = self.source.dataset
        info = dataset.get_data_info(key.index) if hasattr(dataset, 'get_data_info') else {}
        meta = {k: info[k] for k in ('img_path',) if k in info}
        meta['sample_idx'] = SampleIndex(key.index, key)
        sample = BaseDataElement(metainfo=meta)
        if isinstance(info.get('gt_label'), int):
            sample.gt_label = torch.tensor([info['gt_label']])
        return sample


class ResidentBatch(dict):
    """A batch as hooks get it: `keys`, int64 (n, 3) on the device, and `data_samples`.

    Its `inputs`, the views, are made where a hook asks for them; the step then takes these, which
    the hook may have changed.
    """

    reader = ''  # the class of the hook that has asked

    def __init__(self, source: ResidentImages, keys: Tensor, samples: ResidentSamples) -> None:
        super().__init__(keys=keys, data_samples=samples)
        self.source = source

    def __missing__(self, name: str) -> Any:
        if name != 'inputs':
            raise KeyError(name)
        self.reader = asking_hook()
        self['inputs'] = self.source.make(self['keys'])
        return self['inputs']

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name == 'inputs' else super().get(name, default)

    def as_loaded(self) -> dict[str, Any]:
        """What a loader would have given, whole images where the model makes the views of them."""
        keys, source = self['keys'], self.source
        inputs = source.of(keys) if source.whole else self['inputs']
        return dict(inputs=inputs, data_samples=list(self['data_samples']))


def asking_hook() -> str:
    """The class of the hook that is being called."""
    frame = sys._getframe(2)
    while frame is not None:
        if isinstance(owner := frame.f_locals.get('self'), Hook):
            return type(owner).__name__
        frame = frame.f_back
    return 'something'


class ResidentLoader:
    """In the place of a loader of training images: the same batches, whose images are on a device.

    The order is the sampler's, and the keys are those that its indices would carry, so that each
    view is the one that the loader would have given, but for rounding to 8 bits. Every other
    attribute is the loader's.

    Args:
        loader: with `mmbarlow.ViewSampler` or MMEngine's DefaultSampler.
        source: its images.

    Raises:
        NotResident: the loader forms batches in another way.
    """

    def __init__(self, loader: DataLoader, source: ResidentImages) -> None:
        batches = loader.batch_sampler
        own = batches.batches if isinstance(batches, KeyedBatches) else batches
        if type(own) is not BatchSampler or not isinstance(loader.sampler, DefaultSampler):
            kind = type(loader.sampler if type(own) is BatchSampler else own).__name__
            raise NotResident(
                f'batches come from {kind}, and on the device from mmbarlow.ViewSampler or '
                'DefaultSampler alone.'
            )
        self.loader, self.source = loader, source

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def __len__(self) -> int:
        return len(self.loader)

    def order(self) -> np.ndarray:
        """Keys of this epoch's images of this process, (n, 3), int64."""
        sampler: Any = self.loader.sampler
        own = own_images(sampler) if isinstance(sampler, ViewSampler) else iter(sampler)
        index = np.fromiter(own, np.int64)
        keys = np.empty((len(index), 3), np.int64)
        keys[:] = sampler.seed or 0, sampler.epoch, 0
        keys[:, 2] = index
        return keys

    def __iter__(self) -> Iterator[ResidentBatch]:
        keyed: Any = self.loader.batch_sampler
        size: Any = self.loader.batch_size
        first, keyed.skip = getattr(keyed, 'skip', 0), 0
        keys = self.order()
        on_device = send(keys, self.source.images)
        end = len(keys) // size * size if self.loader.drop_last else len(keys)
        for start in range(first * size, end, size):
            part = slice(start, min(start + size, end))
            samples = ResidentSamples(self.source, keys[part])
            yield ResidentBatch(self.source, on_device[part], samples)
