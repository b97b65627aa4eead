"""Decode all images of a folder or a zip file once, into one file that trainings read.

    python tools/cache_images.py data/imagenet/train imagenet.raw --workers 16
    python tools/train.py CONFIG --cfg-options train_dataloader.dataset.type=mmbarlow.RawCache \\
        train_dataloader.dataset.data_root=imagenet.raw

The shorter side of each image becomes 256 pixels; smaller images stay as they are. A photograph of
4:3 takes 262 kB, and ImageNet some 330 GB. Any number of processes read the file, as mapped memory
(docs/data.md). Images that cannot be read are left out, and the first of them are named.
"""

import argparse
import os
from pathlib import Path

from mmbarlow import cli
from mmbarlow.datasets.raw_cache_writer import write_cache
from mmbarlow.errors import InputError, printable

NAMED = 5  # images that cannot be read


def main() -> None:
    parser = argparse.ArgumentParser(description='Decode images once, into one file.')
    parser.add_argument('source', metavar='FOLDER|ARCHIVE', help='folder, zip file or list')
    parser.add_argument('output', type=Path, metavar='FILE', help='file for the pixels')
    parser.add_argument('--side', type=int, default=256, help='pixels of the shorter sides')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='processes; all cores by default'
    )
    parser.add_argument('--force', action='store_true', help='replace an existing file')
    args = parser.parse_args()
    if args.side < 1 or args.workers < 1:
        raise InputError('--side and --workers must be at least 1.')
    made = write_cache(args.source, args.output, args.side, args.workers, args.force)
    classes = f' of {len(made.classes)} classes' if made.classes else ''
    known = 'was there already: ' if made.known else ''
    print(f'{args.output}: {known}{made.count:,} images{classes}, {made.size / 1e6:,.1f} MB')
    for name, reason in made.broken[:NAMED]:
        print(f'left out: {printable(name)} ({reason})')
    if len(made.broken) > NAMED:
        print(f'left out: {len(made.broken) - NAMED:,} more, see `mmbarlow verify`')


if __name__ == '__main__':
    cli.run(main)
