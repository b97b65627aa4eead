"""Find the annotations in COCO's format and the images of a user's folder."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.fileio import dump
from mmengine.logging import print_log

from mmbarlow.detection.box_checks import some
from mmbarlow.detection.coco_file import read_coco
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically

# The words that a file or one of its folders has for a part, in the order in which they are taken.
WORDS = dict(
    train=('train', 'training', 'trainval'), val=('val', 'valid', 'validation', 'test', 'testing')
)
HELD_OUT = 5  # every fifth image, where nothing is there to test on
LOOKED_AT = 20  # images, to find their folder
DEEPEST = 3  # folders


@dataclass(frozen=True)
class Part:
    """The training or the test images."""

    file: Path  # of annotations
    folder: Path  # that the names of the images start from
    content: dict[str, Any]  # as `read_coco` reads it


def find_parts(root: Path, named: Mapping[str, str | None], work_dir: Path) -> dict[str, Part]:
    """The parts `train` and `val` of a folder.

    Annotations are the JSON files whose name or folder has a word of `WORDS`, such as
    `annotations/instances_train2017.json` or `train/_annotations.coco.json`. A single file is for
    training. Where there is none to test on, a fifth of the images is drawn, always the same, and
    both parts are written to `work_dir/annotations/`.

    Args:
        root: the folder.
        named: for each part a file, absolute or relative to `root`; None: it is looked for.
        work_dir: for the parts of a file that is divided.

    Raises:
        InputError: no file or several are found for a part, or no folder has the images.
    """
    files = {part: _find(root, part, named.get(part)) for part in WORDS}
    train = files['train'] or _only_file(root)
    if files['val'] is not None:
        return {part: _read(root, file) for part, file in dict(files, train=train).items() if file}
    whole = _read(root, train)
    return _divided(whole, work_dir / 'annotations')


def _find(root: Path, part: str, named: str | None) -> Path | None:
    """The file of a part, None where none has a word for it."""
    if named:
        return root / named
    for word in WORDS[part]:
        found = [file for file in _json_files(root) if word in _words(file.relative_to(root))]
        if len(found) > 1:  # COCO's folder has captions and keypoints, too
            found = [file for file in found if 'instances' in file.name] or found
        if len(found) > 1:
            raise InputError(
                f'{len(found)} files of {root} can be the annotations of {part!r} ({some(found)}): '
                f'name one with --cfg-options annotations.{part}=FILE.'
            )
        if found:
            return found[0]
    return None


def _only_file(root: Path) -> Path:
    files = [f for f in _json_files(root) if not _words(f.relative_to(root)) & {*WORDS['val']}]
    if len(files) == 1:
        return files[0]
    what = (
        f'{len(files)} JSON files ({some(files)}), none of which' if files else 'no JSON file that'
    )
    raise InputError(
        f'{root} has {what} is named for training: put annotations in the format of COCO there, '
        'such as train.json and val.json, or name the file with --cfg-options '
        'annotations.train=FILE.'
    )


def _json_files(root: Path) -> Iterator[Path]:
    for depth in range(1, DEEPEST + 1):
        yield from sorted(root.glob('*/' * (depth - 1) + '*.json'))


def _words(path: Path) -> set[str]:
    return set(re.findall('[a-z]+', str(path.with_suffix('')).lower()))


def _read(root: Path, file: Path) -> Part:
    content, _ = read_coco(file)
    return Part(file, _image_folder(root, file, content['images']), content)


def _image_folder(root: Path, file: Path, images: list[dict]) -> Path:
    """The first folder that has the first images."""
    names = [image['file_name'] for image in images[:LOOKED_AT]]
    near = [root, file.parent, file.parent.parent, file.with_suffix('')]
    folders = [*near, *sorted(f for d in (1, 2) for f in root.glob('*/' * d) if f.is_dir())]
    # `train2017/1.jpg` is of the training images, even if `val2017` has another 1.jpg
    own = _words(file.relative_to(root) if file.is_relative_to(root) else Path(file.name))
    folders.sort(key=lambda folder: not own & _words(Path(folder.name)))
    for folder in folders:
        if all((folder / name).is_file() for name in names):
            return folder
    raise InputError(
        f'no folder in {root} has the images of {file} ({some(names)}): put them into a folder '
        "there, under the names that the annotations have as 'file_name'."
    )


def _divided(whole: Part, folder: Path) -> dict[str, Part]:
    """Two parts of one file of annotations."""
    images = sorted(whole.content['images'], key=lambda image: image['file_name'])
    if len(images) < HELD_OUT:
        raise InputError(
            f'{whole.file} has {len(images)} images, too few to hold out a fifth for the test: '
            'name test images with --cfg-options annotations.val=FILE.'
        )
    random.Random(0).shuffle(images)
    count = len(images) // HELD_OUT
    folder.mkdir(parents=True, exist_ok=True)
    parts = {}
    for name, chosen in (('val', images[:count]), ('train', images[count:])):
        ids = {image['id'] for image in chosen}
        kept = [a for a in whole.content['annotations'] if a['image_id'] in ids]
        content = dict(whole.content, images=chosen, annotations=kept)
        file = folder / f'{name}.json'
        write_atomically(file, lambda path, content=content: dump(content, path, 'json'))
        parts[name] = Part(file, whole.folder, content)
    text = (
        f'{whole.file} has no test images beside it: {count} of its {len(images)} images are held '
        f'out for the test, and both parts are written to {folder}.'
    )
    print_log(printable(text), 'current')
    return parts
