"""Lists of labelled images for `mmpretrain.CustomDataset`: checked as a whole, then written."""

from pathlib import Path

from mmbarlow.datasets.missing_files import missing_files
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically

Samples = list[tuple[str, int]]  # path of the image, label


def write_lists(
    splits: dict[str, Samples], classes: int, images: Path, meta: Path, force: bool = False
) -> None:
    """Write `meta/SPLIT.txt`, 'path label' a line, for each split.

    Args:
        splits: by name; one is 'train'.
        classes: labels are 0 to `classes` - 1, each of them in 'train'.
        images: the folder that the paths start from.
        meta: folder for the lists; made if it is not there.
        force: replace lists that are there.

    Raises:
        InputError: a list is there already, or the splits fail `check`; nothing is written.
    """
    files = {split: meta / f'{split}.txt' for split in splits}
    for file in files.values():
        if file.exists() and not force:
            raise InputError(f'{file} is there already: --force replaces it.')
    check(splits, classes, images)
    meta.mkdir(parents=True, exist_ok=True)
    for split, samples in splits.items():
        write_atomically(files[split], ''.join(f'{path} {label}\n' for path, label in samples))
        found = len({label for _, label in samples})
        print(f'{files[split]}: {len(samples):,} images of {found:,} classes')


def check(splits: dict[str, Samples], classes: int, images: Path) -> None:
    """All that can be wrong with labelled images, before a day is spent on them.

    Raises:
        InputError: a split is empty, a label out of range, an image listed twice (in one split or
            in two) or not on the disk, or a class has no image to train on.
    """
    seen: dict[str, str] = {}
    for split, samples in splits.items():
        if not samples:
            raise InputError(f'the {split} split is empty: download its file again.')
        for path, label in samples:
            if not 0 <= label < classes:
                raise InputError(
                    f'the {split} split has label {label} for {path}, outside 0 to {classes - 1}: '
                    'the file is damaged or of another data set.'
                )
            if path in seen:
                where = 'twice' if seen[path] == split else f'in the {seen[path]} split as well'
                raise InputError(f'the {split} split lists {path}, which is there {where}.')
            seen[path] = split
    absent = set(range(classes)) - {label for _, label in splits['train']}
    if absent:
        raise InputError(
            f'{len(absent)} of {classes} classes, the first {min(absent)}, have no image in the '
            'train split: its file is damaged or cut off; download it again.'
        )
    missing = missing_files(images, seen)
    if missing:
        raise InputError(
            f'{len(missing):,} of the {len(seen):,} listed images are not in {images}, the first '
            f'is {missing[0]}: unpack the archive of the images there.'
        )
