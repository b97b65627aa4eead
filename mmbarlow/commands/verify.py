"""mmbarlow verify photos                        counts, formats, sizes; what cannot be read
mmbarlow verify photos.zip --output bad.txt   the list of what cannot be read in another file
"""

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', metavar='FOLDER|ARCHIVE', help='folder, zip file or list')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='processes; all cores by default'
    )
    parser.add_argument(
        '--output', type=Path, default=Path('broken_images.txt'), help='file for the list'
    )
    parser.add_argument('--force', action='store_true', help='replace an existing list')


def run(args: argparse.Namespace) -> int:
    """The exit status: 1 if some images cannot be read."""
    from mmbarlow.datasets.verification import verify_images

    found = verify_images(args.source, args.workers, args.output, args.force)
    print('\n'.join(found.lines))
    return 1 if found.broken else 0
