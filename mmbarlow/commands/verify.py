"""mmbarlow verify photos                        counts, formats, sizes; what cannot be read
mmbarlow verify scans --range data            the lines for a config, by the whole range
mmbarlow verify photos.zip --output bad.txt   the list of what cannot be read in another file
"""

import argparse
import os
from pathlib import Path

from mmbarlow.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', metavar='FOLDER|ARCHIVE', help='folder, zip file or list')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='processes; all cores by default'
    )
    parser.add_argument(
        '--output', type=Path, default=Path('broken_images.txt'), help='file for the list'
    )
    parser.add_argument(
        '--range',
        help='what becomes black and white: dtype, data, percentiles, percentiles,1,99 or LOW,HIGH '
        '(=-1000,400); by default percentiles, where images are more than 8 bits',
    )
    parser.add_argument('--force', action='store_true', help='replace an existing list')


def run(args: argparse.Namespace) -> int:
    """The exit status: 1 if some images cannot be read.

    Raises:
        InputError: no network can be trained on the numbers of the images.
    """
    from mmbarlow.datasets.value_range import range_of
    from mmbarlow.datasets.verification import verify_images

    span = range_of(args.range)
    found = verify_images(args.source, args.workers, args.output, args.force, span)
    print('\n'.join(found.lines))
    if found.problem:
        raise InputError(found.problem)
    return 1 if found.broken else 0
