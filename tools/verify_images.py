"""Decode every image of a folder or a zip file before pretraining does.

python tools/verify_images.py FOLDER
python tools/verify_images.py images.zip --workers 8 --output broken.txt

Prints a summary, with depth, range and bands of the pixels, and lists the images that cannot be
read in a file, one 'path<TAB>reason' per line. The exit status is 0 if all images can be read, 1 if
some are broken, and 2 for bad input. It also says if most are almost black, which stops training.
"""

import argparse
import os
from itertools import chain
from pathlib import Path

from mmbarlow import cli
from mmbarlow.datasets.image_checks import Checked, check_images, images_of, summary
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.passed_over import passed_over
from mmbarlow.datasets.pixels import too_dark
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically
from mmbarlow.progress import progress


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
    if args.workers < 1:
        raise InputError(f'--workers must be 1 or more, got {args.workers}.')
    if args.output.exists() and not args.force:
        raise InputError(f'{args.output} exists already: --force replaces it.')
    if not args.output.absolute().parent.is_dir():
        raise InputError(f'there is no folder {args.output.absolute().parent} for --output.')

    dataset = images_of(args.source)
    found = chain.from_iterable(check_images(dataset, args.workers))
    results = list(progress(found, 'decoding', len(dataset)))
    if isinstance(dataset, ImageFolder):
        results += [Checked(path, reason=reason) for path, reason in dataset.unreadable]
    print('\n'.join(map(printable, summary(results))))
    if dataset.passed_over:
        print(printable(passed_over(dataset.passed_over)))
    if dark := too_dark([r.pixels for r in results if r.pixels]):
        print(f'too dark  {dark}.')
    # a backslash is doubled, for names to be read back (docs/data.md)
    doubled = [(r.path.replace('\\', '\\\\'), r.reason) for r in results if r.reason]
    broken = [f'{printable(path)}\t{reason}\n' for path, reason in doubled]
    if not broken:
        return 0
    write_atomically(args.output, ''.join(broken))
    print(f'list      {args.output}')
    return 1


if __name__ == '__main__':
    cli.run(main)
