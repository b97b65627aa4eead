"""What is no image by its name: counted, and said once."""

import logging
import os
from collections import Counter
from typing import Any

from mmengine.dist import is_main_process
from mmengine.logging import MMLogger, print_log

from mmbarlow.errors import printable

ARRAYS = ('.npy', '.npz')  # which features and masks are in as well
EXTENSIONS = ('.jpg', '.jpeg', '.png', '.webp', '.bmp', '.tif', '.tiff', '.dcm', '.dicom', *ARRAYS)
EXTENSIONS += ('.gif', '.ppm', '.pgm')


def extension_of(name: str) -> str:
    """What a file that is passed over counts as: its extension in lower case."""
    return os.path.splitext(name)[1].lower() or 'without an extension'


def passed_over(counts: Counter[str]) -> str:
    """The line on files that are no images by their names, such as 'passed over: 12 .heic'."""
    return 'passed over: ' + ', '.join(f'{n:,} {kind}' for kind, n in counts.most_common())


def without_arrays(names: list[str], counts: Counter[str]) -> list[str]:
    """Those names of images that are no arrays, unless all of them are: beside other images,
    arrays are features or masks of them. What is left out is counted."""
    images = [name for name in names if not name.lower().endswith(ARRAYS)]
    if not images or len(images) == len(names):
        return names
    counts.update(extension_of(name) for name in names if name.lower().endswith(ARRAYS))
    return images


def no_image(where: str, counts: Counter[str]) -> str:
    """The sentence on a place without an image, and on what it has instead."""
    found = f' ({passed_over(counts)})' if counts else ''
    return f'there is no image in {where}{found}: names of images end in {", ".join(EXTENSIONS)}.'


_said: set[tuple[str, str]] = set()  # names of logs and lines: a run may build a data set twice


def say_once(line: str) -> None:
    """Log a warning, once in the log of a run."""
    key = MMLogger.get_current_instance().instance_name, line
    if key not in _said:
        _said.add(key)
        print_log(printable(line), 'current', logging.WARNING)


def say_passed_over(dataset: Any) -> None:
    """Say it for `mmpretrain.CustomDataset` without a list, which has other extensions and is
    silent about them."""
    prefix = getattr(dataset, 'data_prefix', None) or {}
    extensions, root = getattr(dataset, 'extensions', None), prefix.get('img_path')
    if not (extensions and root and is_main_process()) or dataset.ann_file:
        return
    names = (name for _, _, files in os.walk(root) for name in files if not name.startswith('.'))
    ends = tuple(extensions)
    counts = Counter(extension_of(n) for n in names if not n.lower().endswith(ends))
    if counts:
        say_once(f'{passed_over(counts)} in {root}')
