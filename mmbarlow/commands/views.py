"""mmbarlow views photos                   the views of some images, as pretraining makes them
mmbarlow views photos --size 96          at another size
mmbarlow views runs/photos --epoch 10    those that a run has trained on
mmbarlow views my_config.py --count 8    those of a config
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', help='images (folder, zip file, list), a run, or a config')
    parser.add_argument('--count', type=int, default=4, help='number of images, evenly spaced')
    parser.add_argument('--epoch', type=int, default=0, help='epoch of the views, from 0')
    parser.add_argument('--size', type=int, help='of the views of images; by their sizes if left')
    parser.add_argument('--channels', type=int, help='of images; as many as they have if left')
    parser.add_argument('--range', help='of images: LOW,HIGH, dtype, data or percentiles')
    parser.add_argument(
        '--output', type=Path, default=Path('views.png'), help='picture to write; views.png'
    )


def run(args: argparse.Namespace) -> None:
    from mmbarlow.commands.backbones import config_of_run
    from mmbarlow.datasets.scaled_image import values_in_words
    from mmbarlow.datasets.value_range import range_of
    from mmbarlow.datasets.view_pictures import (
        check_picture,
        draw_views,
        views_of_config,
        views_of_images,
    )
    from mmbarlow.errors import InputError

    check_picture(args.count, args.output)
    source = Path(args.source).expanduser()
    config = config_of_run(source) if source.is_dir() else None
    if config or source.suffix == '.py' or '::' in args.source:
        for name in ('size', 'channels', 'range'):
            if getattr(args, name) is not None:
                raise InputError(f'--{name} is for images: a config has its own to change.')
        dataset, twins, seed = views_of_config(str(config or args.source))
    else:
        images = args.channels, range_of(args.range)
        dataset, twins, seed = views_of_images(args.source, args.size, *images)
    values = twins.values if isinstance(twins.values, list) else [twins.values]  # of a pair, two
    kinds = [f'; {values_in_words(v)}' for v in values if v is not None]
    sizes = ' and '.join(dict.fromkeys(map(str, twins.sizes)))
    print(f'{len(dataset):,} images; views of {sizes} px{"".join(kinds)}')
    for line in draw_views(dataset, twins, seed, args.epoch, args.count, args.output):
        print(line)
    print(f'picture: {args.output}')
