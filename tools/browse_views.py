"""Look at the views that a config trains on, which helps to choose the strengths of distortions.

    python tools/browse_views.py configs/barlowtwins/NAME.py --cfg-options data_root=FOLDER

Saves a picture with a row for each of a few images: the original with the crops of both views,
and the views with their parameters. They are the views of the first epoch (or `--epoch`) of a
pretraining run with the same seed. Without a config: `mmbarlow views FOLDER`.
"""

import argparse
from pathlib import Path

from mmbarlow import cli
from mmbarlow.datasets.view_pictures import check_picture, draw_views, views_of_config


def main() -> None:
    parser = argparse.ArgumentParser(description='Save a picture of images and their two views.')
    cli.add_config_argument(parser)
    parser.add_argument('--count', type=int, default=4, help='number of images, evenly spaced')
    parser.add_argument('--epoch', type=int, default=0, help='epoch of the views, from 0')
    parser.add_argument('--output', type=Path, default=Path('views.png'), help='file to write')
    args = parser.parse_args()
    check_picture(args.count, args.output)
    dataset, twins, seed = views_of_config(args.config, args.cfg_options)
    for line in draw_views(dataset, twins, seed, args.epoch, args.count, args.output):
        print(line)
    print(f'picture: {args.output}')


if __name__ == '__main__':
    cli.run(main)
