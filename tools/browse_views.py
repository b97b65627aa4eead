"""Look at the views that a config trains on.

    python tools/browse_views.py configs/barlowtwins/NAME.py --cfg-options data_root=FOLDER

Saves a picture with a row for each of a few images: the original with the crops of both views,
and the views with their parameters. They are the views of the first epoch (or `--epoch`) of a
pretraining run with the same seed.
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from mmbarlow import cli
from mmbarlow.config import check_data_folders, explained, load_config, nodes
from mmbarlow.datasets import TwinViews
from mmbarlow.datasets.view_pictures import draw_views
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


def main() -> None:
    parser = argparse.ArgumentParser(description='Save a picture of images and their two views.')
    cli.add_config_argument(parser)
    parser.add_argument('--count', type=int, default=4, help='number of images, evenly spaced')
    parser.add_argument('--epoch', type=int, default=0, help='epoch of the views, from 0')
    parser.add_argument('--output', type=Path, default=Path('views.png'), help='file to write')
    args = parser.parse_args()
    if args.count < 1:
        raise InputError(f'--count is {args.count}: take at least 1.')
    if not args.output.parent.is_dir():
        raise InputError(f'there is no folder {args.output.parent} for --output.')

    cfg = load_config(args.config, args.cfg_options)
    check_data_folders(dict(train_dataloader=cfg.train_dataloader))
    twins = find_views(cfg, args.config)
    with explained('the data set'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    indices = [i * len(dataset) // args.count for i in range(min(args.count, len(dataset)))]
    for line in draw_views(dataset, twins, indices, cfg.randomness.seed, args.epoch, args.output):
        print(line)
    print(f'picture: {args.output}')


def find_views(cfg: Config, name: str) -> TwinViews:
    """The views of the data loader, or those that the model's preprocessor makes on the device."""
    for node in nodes(cfg):
        if str(node.get('type')).removeprefix('mmbarlow.') in ('TwinViews', 'BatchTwinViews'):
            return TwinViews(node['size'], node['view_a'], node['view_b'])
    raise InputError(
        f'{name} makes no views: it has neither mmbarlow.TwinViews nor mmbarlow.BatchTwinViews.'
    )


if __name__ == '__main__':
    cli.run(main)
