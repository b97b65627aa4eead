"""Decode every image of a folder or a zip file before pretraining does: `mmbarlow verify`.

python tools/verify_images.py FOLDER
python tools/verify_images.py images.zip --workers 8 --output broken.txt

Prints a summary, with depth, range and bands of the pixels, and lists the images that cannot be
read in a file, one 'path<TAB>reason' per line. The exit status is 0 if all images can be read, 1 if
some are broken, and 2 for bad input. It also says if most are almost black, which stops training.
"""

import argparse
import os
from pathlib import Path

from mmbarlow import cli
from mmbarlow.datasets.verification import verify_images


def main() -> int:
    parser = argparse.ArgumentParser(description='Find images that cannot be read.')
    parser.add_argument('source', metavar='FOLDER|ARCHIVE', help='folder, or zip file')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='processes; all cores by default'
    )
    parser.add_argument(
        '--output', type=Path, default=Path('broken_images.txt'), help='file for the list'
    )
    parser.add_argument('--force', action='store_true', help='replace an existing list')
    args = parser.parse_args()
    found = verify_images(args.source, args.workers, args.output, args.force)
    print('\n'.join(found.lines))
    return 1 if found.broken else 0


if __name__ == '__main__':
    cli.run(main)
