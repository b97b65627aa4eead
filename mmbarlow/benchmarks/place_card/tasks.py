"""Whether a folder has masks or boxes, and the task that they are."""

import json
from collections.abc import Sequence
from pathlib import Path

from mmbarlow.benchmarks.labeled_task import task_name
from mmbarlow.benchmarks.place_card.results import PlaceTask
from mmbarlow.errors import InputError

PLACE_PARTS = dict(
    segmentation='a linear layer on the places of an image draws masks',
    detection='linear layers on the places of an image find boxes',
)
DEEPEST = 3  # folders that annotations may be in


def place_part(source: str, parts: Sequence[str] | None) -> str | None:
    """The part of `PLACE_PARTS` that is asked for, or that a folder is made for, else None.

    A folder with `classes.txt` and masks is for 'segmentation', one with a JSON file in COCO's
    format for 'detection'.

    Raises:
        InputError: other parts are asked for with it.
    """
    asked = [part for part in parts or () if part in PLACE_PARTS]
    if asked and len(parts or ()) > 1:
        raise InputError(
            f'{asked[0]} is a card of its own, since it takes other labels: leave the other parts '
            'out.'
        )
    if parts:
        return asked[0] if asked else None
    folder = Path(source).expanduser()
    if not folder.is_dir():
        return None
    if (folder / 'classes.txt').is_file():
        return 'segmentation'
    files = (f for d in range(DEEPEST) for f in sorted(folder.glob('*/' * d + '*.json')))
    return 'detection' if any(map(_has_boxes, files)) else None


def _has_boxes(file: Path) -> bool:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError, OSError):
        return False
    objects = content.get('annotations') if isinstance(content, dict) else None
    return isinstance(objects, list) and any('bbox' in o for o in objects if isinstance(o, dict))


def place_task(source: str, part: str, work_dir: Path, name: str | None, seed: int) -> PlaceTask:
    """The images and what is to be said of them.

    Args:
        source: a folder.
        part: of `PLACE_PARTS`.
        work_dir: for annotations that have to be divided.
        name: of the data in records; by default the folder's.
        seed: of what is held out.

    Raises:
        InputError: a package is missing, or the files cannot be used.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise InputError(f'there is no folder {folder} of images with masks or boxes.')
    if part == 'segmentation':
        from mmbarlow.benchmarks.place_card.mask_files import mask_task

        return mask_task(str(folder), task_name(source, name), seed)
    from mmbarlow.benchmarks.place_card.box_files import box_task

    return box_task(str(folder), task_name(source, name), work_dir, seed)
