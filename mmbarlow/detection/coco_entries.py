"""Find boxes, masks and files of a data set in COCO's format that mmdet cannot use."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmbarlow.datasets.faults import some
from mmbarlow.datasets.image_frames import image_faults
from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.detection.box_checks import box_faults
from mmbarlow.detection.coco_file import is_polygon

# The official files have a few boxes without width or height, which mmdet drops.
TOLERATED = 1e-3
SMALLEST = 1.0  # mmdet drops boxes that are less wide or high


def coco_box_faults(path: Path, annotations: list[dict], images: dict[int, dict]) -> list[str]:
    """`box_faults` of the boxes; what has no size or no numbers comes first."""
    sized = [i for i in images.values() if not all(_is_positive(i[k]) for k in ('width', 'height'))]
    if sized:
        example = f'{sized[0]["file_name"]}: {sized[0]["width"]} x {sized[0]["height"]}'
        return [
            f'{len(sized)} of {len(images)} images of {path} have no width and height above 0 '
            f'({example}): enter those of the files'
        ]
    bad = [
        f'{annotation_name(a, i)} with the bbox {a["bbox"]}'
        for i, a in enumerate(annotations)
        if not is_box(a['bbox'])
    ]
    if bad:
        return [
            f'{len(bad)} of {len(annotations)} annotations of {path} have no four numbers, such as '
            f'{bad[0]}: it must be x, y, width and height in pixels'
        ]
    boxes = np.array([a['bbox'] for a in annotations], dtype=float)
    boxes[:, 2:] += boxes[:, :2]
    owners = [images[a['image_id']] for a in annotations]
    sizes = [(image['width'], image['height']) for image in owners]
    return box_faults(
        boxes, sizes, lambda i: annotation_name(annotations[i], i), path, TOLERATED, SMALLEST
    )


def mask_faults(path: Path, annotations: list[dict], images: dict[int, dict]) -> list[str]:
    """Which annotations have no mask that could be drawn."""
    bad = [
        f'{annotation_name(a, i)}: {str(a["segmentation"])[:60]}'
        for i, a in enumerate(annotations)
        if not _is_mask(a['segmentation'], images[a['image_id']])
    ]
    if not bad:
        return []
    return [
        f'{len(bad)} of {len(annotations)} annotations of {path} have no mask, that is, '
        'no polygon of three points or more and no run-length code of the size of the image '
        f'({some(bad, 1)}): add the masks, remove the annotations, or train a detector of boxes'
    ]


def file_faults(
    path: Path, folder: Path, root: Path, images: list[dict], pipeline: Sequence[dict]
) -> list[str]:
    """Which images are not in `folder`, and what is wrong with the others; see `image_faults`."""
    names = [image['file_name'] for image in images]
    gone = set(missing_files(folder, names))
    faults = []
    if gone:
        there = len(gone) == len(names) and not missing_files(root, names)
        cure = "set data_prefix=dict(img='')" if there else 'put them there, or set data_prefix to'
        faults = [
            f'{len(gone)} of {len(images)} images of {path} are not in {folder} '
            f'({some([name for name in names if name in gone])}): '
            + (f'they are in {root}: {cure}' if there else f'{cure} their folder')
        ]
    found = [image for image in images if image['file_name'] not in gone]
    sized = [_is_positive(i['width']) and _is_positive(i['height']) for i in found]
    frames = [
        (folder / i['file_name'], (i['width'], i['height']) if known else None)
        for i, known in zip(found, sized, strict=True)
    ]
    return faults + image_faults(frames, path, pipeline)


def annotation_name(annotation: dict, place: int) -> str:
    """For messages; some files have no ids."""
    return f'annotation {annotation.get("id", f"at place {place} (from 0)")}'


def is_learned(annotation: dict) -> bool:
    """Whether mmdet trains on the object."""
    return not annotation['iscrowd'] and min(annotation['bbox'][2:]) >= SMALLEST


def is_box(box: Any) -> bool:
    """Whether a `bbox` is four numbers."""
    return isinstance(box, list) and len(box) == 4 and all(isinstance(x, int | float) for x in box)


def _is_positive(number: Any) -> bool:
    return isinstance(number, int | float) and number > 0


def _is_mask(mask: Any, image: dict) -> bool:
    if isinstance(mask, list):
        return any(map(is_polygon, mask))
    if not isinstance(mask, dict) or mask.get('size') != [image['height'], image['width']]:
        return False
    counts = mask.get('counts')
    if isinstance(counts, str):
        return bool(counts)
    if not isinstance(counts, list) or not all(isinstance(x, int) and x >= 0 for x in counts):
        return False
    return sum(counts) == image['width'] * image['height']
