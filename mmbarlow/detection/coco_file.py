"""Read annotations in COCO's format, with small deviations from it made good."""

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO

from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

# The keys that mmdet reads from each entry without checking that they exist.
KEYS = dict(
    images={'id', 'file_name', 'height', 'width'},
    annotations={'image_id', 'category_id', 'bbox'},
    categories={'id', 'name'},
)


def read_coco(path: Path, extra: frozenset[str] = frozenset()) -> tuple[dict[str, Any], list[str]]:
    """The content of a file, and in sentences what was made good.

    That is: any Unicode encoding; numbers that are texts or floats; `iscrowd` that is missing or
    null (0); `area` that is missing, null or 0 (that of the box); backslashes in names of files;
    parts of masks with fewer than three points, which are removed.

    Args:
        path: of a JSON file.
        extra: keys that annotations must have besides those of `KEYS`.

    Raises:
        InputError: the file is missing or no JSON, or its entries lack keys.
    """
    content = _parse(path)
    for part, keys in dict(KEYS, annotations=KEYS['annotations'] | extra).items():
        _check_entries(path, content, part, keys)
    mended: Counter[str] = Counter()
    for image in content['images']:
        for key in ('id', 'width', 'height'):
            image[key] = _number(image[key])
        image['file_name'] = str(image['file_name'])
        if '\\' in image['file_name']:
            image['file_name'] = image['file_name'].replace('\\', '/')
            mended['backslashes in the names of images, read as slashes'] += 1
    for category in content['categories']:
        category['id'] = _number(category['id'])
    for annotation in content['annotations']:
        mended.update(_mend(annotation))
    return content, [f'{path} has {count} {what}.' for what, count in mended.items()]


def _parse(path: Path) -> Any:
    if not path.is_file():
        raise InputError(
            f'there is no annotation file {path}: put it there, or name another with data_root and '
            'ann_file.'
        )
    try:
        return json.loads(path.read_bytes())  # of bytes, it finds the encoding
    except (ValueError, RecursionError) as error:  # of JSON or of its encoding
        raise InputError(f'{path} is no JSON, or is cut off: {error}.') from None


def _check_entries(path: Path, content: Any, part: str, keys: set[str]) -> None:
    found = content.get(part) if isinstance(content, dict) else None
    if not isinstance(found, list) or not found and part != 'annotations':
        raise InputError(f'{path} has no {part!r}: a file of COCO has {", ".join(KEYS)}.')
    lacks = [keys - (entry.keys() if isinstance(entry, dict) else set()) for entry in found]
    if bad := [number for number, missing in enumerate(lacks) if missing]:
        names = ', '.join(sorted(lacks[bad[0]]))
        others = f', and {len(bad) - 1} others lack keys, too' * (len(bad) > 1)
        raise InputError(f'entry {bad[0]} (from 0) of {part!r} in {path} lacks {names}{others}.')
    for number, entry in enumerate(found):
        for key in {'id', 'image_id', 'category_id', 'file_name', 'name'} & keys:
            if not isinstance(entry[key], int | float | str) and entry[key] is not None:
                raise InputError(
                    f'entry {number} (from 0) of {part!r} in {path} has the {key} {entry[key]}: it '
                    'must be a number or a text.'
                )


def _number(value: Any) -> Any:
    """The whole number that a text or a float says; anything else as it is."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mend(annotation: dict) -> list[str]:
    done = []
    for key in ('image_id', 'category_id'):
        annotation[key] = _number(annotation[key])
    if annotation.get('iscrowd') is None:
        done.append('annotations without iscrowd, taken as 0')
    annotation['iscrowd'] = int(bool(_number(annotation.get('iscrowd'))))
    area, box = _number(annotation.get('area')), annotation['bbox']
    if not isinstance(area, int | float) or not area > 0:
        numbers = isinstance(box, list) and all(isinstance(x, int | float) for x in box)
        area = box[2] * box[3] if numbers and len(box) == 4 else 0
        done.append('annotations without an area, for which that of the box is taken')
    annotation['area'] = area
    parts = annotation.get('segmentation')
    if isinstance(parts, list):
        kept = [
            part for part in parts if is_polygon(part)
        ] or parts  # if none is, the check says so
        if len(kept) < len(parts):
            done.append('masks with parts of fewer than three points, which are left out')
        # mmdet computes in the type of the numbers, so whole ones would be cut when it resizes
        annotation['segmentation'] = [
            list(map(float, part)) if is_polygon(part) and type(part[0]) is int else part
            for part in kept
        ]
    return done


def is_polygon(part: Any) -> bool:
    """Whether a part of a mask is x, y of three points or more."""
    return (
        isinstance(part, list)
        and len(part) >= 6
        and len(part) % 2 == 0
        and all(isinstance(x, int | float) for x in part)
    )


class MendedCOCO(COCO):
    """pycocotools' index of what `read_coco` reads. Annotations are numbered from 1.

    An id of 0 means 'no object' in pycocotools' evaluation, and ids that occur twice hide objects.
    """

    def __init__(self, annotation_file: str) -> None:
        super().__init__()
        content, _ = read_coco(Path(annotation_file))
        for number, annotation in enumerate(content['annotations'], 1):
            annotation['id'] = number
        self.dataset: Any = content
        with redirect_stdout(io.StringIO()):
            self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs

    def get_cat_ids(self, cat_names=(), sup_names=(), cat_ids=()) -> list:
        """In the order of the names, where mmdet has that of the file."""
        if not cat_names:
            return super().get_cat_ids(cat_names, sup_names, cat_ids)
        ids = {category['name']: category['id'] for category in self.dataset['categories']}
        return [ids[name] for name in cat_names if name in ids]


@DATASETS.register_module()
class MendedCocoDataset(CocoDataset):
    """mmdet's `CocoDataset` of what `read_coco` reads, with labels in the order of the classes."""

    COCOAPI = MendedCOCO

    def __init__(self, *args, data_prefix: dict | None = None, **kwargs) -> None:
        prefix = {'img': '', **(data_prefix or {})}  # mmdet's default lacks the key that it reads
        super().__init__(*args, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        found = super().load_data_list()
        if self.test_mode:
            self._metainfo['category_ids'] = self.cat_ids  # for `COCODetectionMetric`
        return found
