"""A user's own images and masks."""

import hashlib
from pathlib import Path

from mmseg.datasets import BaseSegDataset

from mmbarlow.datasets.image_folder import ImageFolder, is_image
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS
from mmbarlow.segmentation.class_file import CLASSES, palette_of, read_class_file

# Names of the folders of images and masks; the first that are there count.
FOLDERS = (
    ('images', 'masks'),
    ('img_dir', 'ann_dir'),
    ('images', 'annotations'),
    ('images', 'labels'),
    ('JPEGImages', 'SegmentationClass'),
)


@DATASETS.register_module()
class MaskFolder(BaseSegDataset):
    """Images in `data_root/images/` and masks of the same names in `data_root/masks/`.

    Line i of `data_root/classes.txt`, from 0 on, names the class of the number i in the masks; 255
    is ignored. Where there is `images/train/`, `train/` and `val/` are the splits. Otherwise a
    fifth of the images, chosen by a hash of their names, is for validation.

    Args:
        data_root: the folder.
        split: `train` or `val`.
        mask_ending: what the name of a mask has after that of its image, such as `_mask`.
        metainfo: `classes`, and maybe `palette`, instead of those of `classes.txt`.
        **kwargs: those of mmseg's `BaseSegDataset`, such as `pipeline`, `reduce_zero_label`.

    Raises:
        InputError: a folder, `classes.txt` or the images are missing.
    """

    def __init__(
        self,
        data_root: str,
        split: str,
        mask_ending: str = '',
        metainfo: dict | None = None,
        **kwargs,
    ) -> None:
        root = Path(data_root).expanduser()
        self.split, self.mask_ending = split, mask_ending
        self.image_folder, self.mask_folder = mask_folders(root)
        names = [path for path in self.mask_folder.rglob('*') if is_image(path.name)]
        # of equal names, PNG is the one that counts
        names.sort(key=lambda path: (path.suffix.lower() == '.png', path))
        self.masks = {path.relative_to(self.mask_folder).with_suffix(''): path for path in names}
        if not (metainfo or {}).get('classes'):
            metainfo = read_class_file(root / CLASSES) | (metainfo or {})
            colors = palette_of(min(names, default=None), len(metainfo['classes']))
            metainfo.setdefault('palette', colors)
        super().__init__(data_root=data_root, metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict]:
        """One entry for each image; of an image without a mask, `seg_map_path` does not exist."""
        split = (self.image_folder / 'train').is_dir()
        source = ImageFolder(str(self.image_folder / (self.split if split else '')), quiet=True)
        paths = [Path(source.get_data_info(i)['img_path']) for i in range(len(source))]
        stems = {path: path.relative_to(self.image_folder).with_suffix('') for path in paths}
        if not split:
            test = set(sorted(paths, key=lambda p: _digest(stems[p]))[: max(1, len(paths) // 5)])
            paths = [path for path in paths if (path in test) == (self.split == 'val')]
        common = dict(label_map=self.label_map, reduce_zero_label=self.reduce_zero_label)
        return [
            dict(img_path=str(p), seg_map_path=str(self.mask_of(stems[p])), seg_fields=[], **common)
            for p in paths
        ]

    def mask_of(self, stem: Path) -> Path:
        stem = stem.with_name(stem.name + self.mask_ending)
        return self.masks.get(stem, self.mask_folder / stem.with_name(f'{stem.name}.png'))


def mask_folders(root: Path) -> tuple[Path, Path]:
    """The folders of images and of masks; InputError if there are none."""
    for images, masks in FOLDERS:
        if (root / images).is_dir() and (root / masks).is_dir():
            return root / images, root / masks
    names = ' or '.join(f'{images}/ and {masks}/' for images, masks in FOLDERS[:2])
    raise InputError(f'{root} has no folders {names}: put the images and their masks there.')


def _digest(name: Path) -> bytes:
    return hashlib.sha256(name.as_posix().encode()).digest()
