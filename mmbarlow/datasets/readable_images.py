"""A data set whose images that cannot be read are replaced, and say so."""

from typing import Any

from torch.utils.data import Dataset

from mmbarlow.datasets.broken_images import LIMIT
from mmbarlow.errors import BrokenImage, InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class ReadableImages(Dataset):
    """In the place of an image that cannot be read, the next one that can.

    Its sample then has `skipped` as `mmbarlow.datasets.broken_images.Skipper` leaves it: a tuple of
    (path, reason) pairs, the first of which is of the image that belongs there. Every other
    attribute is that of the data set.

    Args:
        dataset: the data set or its config; its samples have `data_samples`.

    Raises:
        InputError: a hundred images in a row cannot be read, or all of them.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset: Any = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset

    def __getattr__(self, name: str) -> Any:
        if name == 'dataset':  # while it is unpickled
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict:
        failed: list[tuple[str, str]] = []
        while len(failed) < min(LIMIT, len(self)):
            try:
                sample = self.dataset[(index + len(failed)) % len(self)]
            except BrokenImage as error:
                failed.append((error.path, error.reason))
                continue
            if failed:
                sample['data_samples'].set_metainfo(dict(skipped=tuple(failed)))
            return sample
        raise InputError(
            f'{len(failed)} labeled images in a row cannot be read, the first is {failed[0][0]} '
            f'({failed[0][1]}): `mmbarlow verify` lists the others.'
        )
