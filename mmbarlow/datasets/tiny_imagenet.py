"""Tiny ImageNet in the layout of its zip file."""

from pathlib import Path

from mmengine.dataset import BaseDataset

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class TinyImageNet(BaseDataset):
    """Tiny ImageNet (Stanford CS231n): 64 px, 200 classes, 100,000 and 10,000 images.

    It reads the official layout of tiny-imagenet-200, so that nothing has to be sorted into class
    folders: `wnids.txt`, `train/<wnid>/images/*.JPEG`, `val/images/*.JPEG` and
    `val/val_annotations.txt` (name and wnid, tab-separated).

    Args:
        data_root: the folder tiny-imagenet-200.
        split: 'train' or 'val'; the test split has no public labels.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.
    """

    def __init__(self, data_root: str, split: str, **kwargs) -> None:
        if split not in ('train', 'val'):
            raise InputError(f"split must be 'train' or 'val', got {split!r}.")
        self.split = split
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        root = Path(str(self.data_root))
        try:
            wnids = sorted((root / 'wnids.txt').read_text().split())
            if self.split == 'train':
                folders = [(root / 'train' / wnid / 'images', wnid) for wnid in wnids]
                samples = [
                    (p, wnid) for folder, wnid in folders for p in sorted(folder.glob('*.JPEG'))
                ]
            else:
                lines = (root / 'val' / 'val_annotations.txt').read_text().splitlines()
                rows = [line.split('\t') for line in lines]
                if odd := [row for row in rows if len(row) < 2 or row[1] not in wnids]:
                    line = '\t'.join(odd[0])[:100]
                    raise InputError(f'{line!r} in val_annotations.txt of {root} has no class.')
                samples = [(root / 'val' / 'images' / row[0], row[1]) for row in rows]
        except ValueError as error:  # of UTF-8
            raise InputError(
                f'the lists of {root} are no text ({error}): unpack it again.'
            ) from None
        except FileNotFoundError as error:
            raise InputError(
                f'{error.filename} is missing: {root} must be the unpacked tiny-imagenet-200.'
            ) from None
        if not samples:
            raise InputError(f'the {self.split} split of {root} has no images: unpack it again.')
        labels = {wnid: label for label, wnid in enumerate(wnids)}
        return [dict(img_path=str(path), gt_label=labels[wnid]) for path, wnid in samples]
