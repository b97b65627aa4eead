"""PASCAL VOC 2007 as a classification task with several labels per image."""

import xml.etree.ElementTree as ET
from pathlib import Path

from mmengine.dataset import BaseDataset

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

SOURCE = 'unpack VOCtrainval_06-Nov-2007.tar and VOCtest_06-Nov-2007.tar there'
CLASSES = (
    *('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow'),
    *('diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa'),
    *('train', 'tvmonitor'),
)


@DATASETS.register_module()
class VOC07(BaseDataset):
    """Images of VOC 2007 with marks for the 20 classes, taken from the annotated boxes.

    `gt_label` has a number for each class, like the devkit's lists `ImageSets/Main/<class>_*.txt`,
    but with VISSL's signs: 1 if an object of the class is annotated and not difficult, 0 if none is
    annotated, -1 if all of them are difficult (the devkit writes 1, -1 and 0). `mmpretrain.VOC` has
    lists of class indices instead, from which packing removes difficult objects.

    Args:
        data_root: the folder that contains `VOCdevkit/VOC2007`.
        split: an image list of `ImageSets/Main`: 'trainval' (5,011 images), 'test' (4,952), ...
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset; `metainfo=dict(classes=...)`
            selects some of the classes.

    Raises:
        InputError: the list, an annotation or an image is missing, the list is empty, or VOC does
            not have a class.
    """

    METAINFO = dict(classes=CLASSES)

    def __init__(self, data_root: str, split: str, **kwargs) -> None:
        self.split = split
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        classes = self.metainfo['classes']
        if unknown := set(classes) - set(CLASSES):
            raise InputError(f'VOC has no class {min(unknown)!r}; it has {", ".join(CLASSES)}.')
        devkit = Path(str(self.data_root)) / 'VOCdevkit' / 'VOC2007'
        names = _text_of(devkit / 'ImageSets' / 'Main' / f'{self.split}.txt').split()
        if not names:
            raise InputError(f'the {self.split} list of {devkit} is empty: {SOURCE}.')
        return [_sample(devkit, name, classes) for name in names]


def _sample(devkit: Path, name: str, classes: tuple[str, ...]) -> dict:
    image = devkit / 'JPEGImages' / f'{name}.jpg'
    if not image.is_file():
        raise InputError(f'there is no image {image}: {SOURCE}.')
    annotation = devkit / 'Annotations' / f'{name}.xml'
    try:
        objects = ET.fromstring(_text_of(annotation)).iter('object')
    except (ET.ParseError, LookupError) as error:  # LookupError: of an unknown encoding
        raise InputError(f'{annotation} is no XML ({error}): {SOURCE}.') from None
    plain, difficult = set(), set()
    for item in objects:
        found = difficult if item.findtext('difficult', '0').strip() == '1' else plain
        found.add(item.findtext('name', '').strip())
    label = [1 if c in plain else -1 if c in difficult else 0 for c in classes]
    return dict(img_path=str(image), gt_label=label)


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise InputError(f'there is no file {path}: {SOURCE}.')
    try:
        return path.read_text()
    except ValueError as error:  # of UTF-8
        raise InputError(f'{path} is no text ({error}): {SOURCE}.') from None
