"""Lists of labeled images for `mmpretrain.CustomDataset`: checked as a whole, then written."""

from pathlib import Path

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically

Samples = list[tuple[str, int]]  # path of the image, label


def write_lists(
    splits: dict[str, Samples], classes: int, images: Path, meta: Path, force: bool = False
) -> None:
    """Write `meta/SPLIT.txt` for each split, one 'path label' per line.

    Args:
        splits: by name; one of them is 'train'.
        classes: number of classes. Labels are 0 to `classes` - 1, and 'train' has all of them.
        images: the folder that the paths are relative to.
        meta: folder for the lists; made if it does not exist.
        force: replace existing lists.

    Raises:
        InputError: a list exists already, or the splits fail `check_splits`; nothing is written.
    """
    files = {split: meta / f'{split}.txt' for split in splits}
    for file in files.values():
        if file.exists() and not force:
            raise InputError(f'{file} exists already: --force replaces it.')
    check_splits(splits, classes, images)
    for split, samples in splits.items():
        write_atomically(files[split], ''.join(f'{path} {label}\n' for path, label in samples))
        found = len({label for _, label in samples})
        print(f'{files[split]}: {len(samples):,} images of {found:,} classes')


def check_splits(splits: dict[str, Samples], classes: int, images: Path) -> None:
    """Look for everything that can be wrong with labeled images, before a day is spent on them.

    Raises:
        InputError: a split is empty, a label is out of range, an image is listed twice (in one
            split or in two), has a name that no line of a list can have, or is missing on the disk,
            or a class has no image to train on.
    """
    seen: dict[str, str] = {}
    for split, samples in splits.items():
        if not samples:
            raise InputError(f'the {split} split is empty: download its file again.')
        for path, label in samples:
            if path != printable(path).strip():
                raise InputError(
                    f'the {split} split has the name {path!r}, which would be another one once it '
                    'is read from a list: rename the image.'
                )
            if not 0 <= label < classes:
                raise InputError(
                    f'the {split} split has label {label} for {path}, outside 0 to {classes - 1}: '
                    'the file is damaged or belongs to another data set.'
                )
            if path in seen:
                other = 'twice' if seen[path] == split else f'and so does the {seen[path]} split'
                raise InputError(f'the {split} split lists {path} {other}: download it again.')
            seen[path] = split
    absent = set(range(classes)) - {label for _, label in splits['train']}
    if absent:
        raise InputError(
            f'{len(absent)} of {classes} classes, the first {min(absent)}, have no image in the '
            'train split: its file is damaged or cut off, so download it again.'
        )
    missing = missing_files(images, seen)
    if missing:
        raise InputError(
            f'{len(missing):,} of the {len(seen):,} listed images are not in {images}, the first '
            f'is {missing[0]}: unpack the image archive there.'
        )
