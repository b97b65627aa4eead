"""Look at the views that a config trains on, which helps to choose the strengths of distortions.

    python tools/browse_views.py configs/barlowtwins/NAME.py --cfg-options data_root=FOLDER

Saves a picture with a row for each of a few images: the original with the crops of both views,
and the views with their parameters. They are the views of the first epoch (or `--epoch`) of a
pretraining run with the same seed.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mmengine.config import Config
from PIL import Image

from mmbarlow import cli
from mmbarlow.config import check_data_folders, load_config, nodes
from mmbarlow.config_files import explained
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view import NEUTRAL, Drawn
from mmbarlow.errors import InputError, printable
from mmbarlow.registry import DATASETS

SHOWN = 2000  # pixels of the longer side of an original in the picture, at most
COLORS = '#d02020', '#2040d0'  # of the crops of the two views


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
    count = min(args.count, len(dataset))
    figure = Figure(figsize=(9, 3.2 * count), layout='constrained')
    for row, axes in enumerate(figure.subplots(count, 3, squeeze=False)):
        index = row * len(dataset) // args.count
        info = dataset.get_data_info(index)
        info['sample_idx'] = SampleIndex(index, Key(cfg.randomness.seed, args.epoch, index))
        name = printable(info.get('img_path', f'image {index}'))
        views, drawn = twins.make(info)
        draw_original(axes[0], read_rgb(info), drawn, Path(name).name)
        for i, view in enumerate(views):
            words = list(view_in_words(drawn.of(i)))
            print(f'{name}, view {i + 1}: {", ".join(words)}')
            axes[1 + i].imshow(view, interpolation='nearest')
            axes[1 + i].set_title(f'view {i + 1}', fontsize=8, color=COLORS[i])
            lines = [', '.join(words[k : k + 3]) for k in range(0, len(words), 3)]
            axes[1 + i].set_xlabel(',\n'.join(lines), fontsize=7)
        for each in axes:
            each.set(xticks=[], yticks=[])
    figure.savefig(args.output, dpi=100)
    print(f'picture: {args.output}')


def find_views(cfg: Config, name: str) -> TwinViews:
    """The views of the data loader, or those that the model's preprocessor makes on the device."""
    for node in nodes(cfg):
        if str(node.get('type')).removeprefix('mmbarlow.') in ('TwinViews', 'BatchTwinViews'):
            return TwinViews(node['size'], node['view_a'], node['view_b'])
    raise InputError(
        f'{name} makes no views: it has neither mmbarlow.TwinViews nor mmbarlow.BatchTwinViews.'
    )


def draw_original(axes: Axes, image: Image.Image, drawn: Drawn, name: str) -> None:
    width, height = image.size
    image.thumbnail((SHOWN, SHOWN), reducing_gap=2.0)
    axes.imshow(image, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    for i, color in enumerate(COLORS):
        left, top, width, height = drawn.box[i, 0]
        corner = (left - 0.5, top - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, color=color, linewidth=1.5))
    axes.set_title(f'{name[-60:]}, {width} x {height}', fontsize=8, parse_math=False)


def view_in_words(drawn: Drawn) -> Iterator[str]:
    """The parameters of one view, with the jitter in the order of its steps."""
    if drawn.angle:
        yield f'rotated by {drawn.angle:.0f} degrees'
    left, top, width, height = drawn.box
    yield f'crop {width} x {height} at {left}, {top}'
    if drawn.flip:
        yield 'flipped'
    names = 'brightness', 'contrast', 'saturation', 'hue'
    for step in drawn.order:
        if drawn.jitter[step] != NEUTRAL[step]:
            yield f'{names[step]} {drawn.jitter[step]:.2f}'
    if drawn.gray:
        yield 'gray'
    if drawn.sigma:
        yield f'blur {drawn.sigma:.1f}'
    if drawn.solarize:
        yield 'solarized'


if __name__ == '__main__':
    cli.run(main)
