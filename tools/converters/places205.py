"""Lists of Places205 for mmpretrain.CustomDataset, from the official download.

    python tools/converters/places205.py data/places205

From places.csail.mit.edu ("Places205", registration), imagesPlaces205_resize.tar.gz and
trainvalsplit_places205.tar.gz, unpacked into one folder:

    data/places205/data/vision/torralba/deeplearning/images256/a/abbey/*.jpg ...
    data/places205/trainvalsplit_places205/train_places205.csv, val_places205.csv

Writes data/places205/meta/train.txt (2,448,873 images) and val.txt (20,500) after it has found
every image on the disk.
"""

import argparse
import re
from pathlib import Path

from annotation_lists import Samples, write_lists
from mmbarlow import cli
from mmbarlow.errors import InputError

LONGEST = 8192  # characters of a line: paths have up to 4,096
IMAGES = Path('data', 'vision', 'torralba', 'deeplearning', 'images256')


def main() -> None:
    parser = argparse.ArgumentParser(description='Write the lists of Places205.')
    parser.add_argument('root', type=Path, help='folder of the download, such as data/places205')
    parser.add_argument('--force', action='store_true', help='replace existing lists')
    args = parser.parse_args()
    official = args.root / 'trainvalsplit_places205'
    splits = {split: read(official / f'{split}_places205.csv') for split in ('train', 'val')}
    write_lists(splits, 205, args.root / IMAGES, args.root / 'meta', args.force)


def read(file: Path) -> Samples:
    """The lines of an official list, such as `a/abbey/gsun_0003.jpg 0`."""
    if not file.is_file():
        raise InputError(f'there is no {file}: unpack trainvalsplit_places205.tar.gz there.')
    samples = []
    with file.open(encoding='utf-8', errors='surrogateescape') as lines:
        for number, line in enumerate(iter(lambda: lines.readline(LONGEST), ''), 1):
            path, _, label = line.strip().rpartition(' ')
            if not path or not re.fullmatch('[0-9]{1,9}', label):
                found = line.strip()[:100]
                raise InputError(f'{file}, line {number}: {found!r} is no path and label.')
            samples.append((path, int(label)))
    return samples


if __name__ == '__main__':
    cli.run(main)
