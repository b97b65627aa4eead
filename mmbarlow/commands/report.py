"""mmbarlow report runs/photos                             # writes runs/photos/report.html
mmbarlow report work_dirs/NAME --labeled flowers        # a map with your labels
mmbarlow report runs/photos --images 500 --out page.html
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('dir', metavar='DIR', type=Path, help='output folder of a pretraining')
    parser.add_argument(
        '--labeled',
        '--label' + 'led',  # the British spelling
        metavar='IMAGES',
        help='labeled images to show on the map: class folders, a CSV or a JSON; by default '
        'images of the training',
    )
    parser.add_argument('--out', type=Path, metavar='FILE.html', help='by default DIR/report.html')
    parser.add_argument(
        '--images', type=int, default=2000, help='images to encode, at most 2000, the default'
    )
    parser.add_argument(
        '--map', choices=('tsne', 'pca'), default='tsne', help='how the map is made'
    )


def run(args: argparse.Namespace) -> None:
    from mmbarlow.commands.page.building import check_report, write_report_page

    out = args.out or args.dir / 'report.html'
    check_report(args.dir, out, args.images)
    verdict, size = write_report_page(args.dir, out, args.labeled, args.images, args.map)
    print(f'{verdict.title} {" ".join(verdict.reasons)}'.strip())
    print(f'page: {out} ({size / 1e6:.1f} MB)')
