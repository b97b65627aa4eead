"""Pictures of images and the views that are made of them."""

import inspect
import textwrap
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from PIL import Image

from mmbarlow.config import check_data_folders, load_config, nodes
from mmbarlow.config_files import explained
from mmbarlow.datasets.eight_bits import is_all_eight_bit
from mmbarlow.datasets.image_sources import default_size, image_source
from mmbarlow.datasets.multi_views import MultiViews
from mmbarlow.datasets.paired_views import PairedViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.scaled_image import picture, read_picture
from mmbarlow.datasets.twin_views import ImageViews, TwinViews
from mmbarlow.datasets.value_facts import measure_values
from mmbarlow.datasets.values import Values
from mmbarlow.datasets.view import NEUTRAL, Drawn
from mmbarlow.drawn_names import names_as_written
from mmbarlow.errors import BrokenImage, InputError, printable
from mmbarlow.files import write_atomically
from mmbarlow.registry import DATASETS

SHOWN = 2000  # pixels of the longer side of an original in the picture, at most
LINE = 52  # letters below a view
# Of the crops of the views, in turn.
COLORS = '#d02020', '#2040d0', '#208020', '#b06000', '#8020a0', '#008090', '#d060a0', '#606060'
Maker = ImageViews | PairedViews
MAKERS: dict[str, type[Maker]] = dict(
    TwinViews=TwinViews,
    TwinCrops=TwinViews,
    BatchTwinViews=TwinViews,
    MultiViews=MultiViews,
    BatchMultiViews=MultiViews,
    PairedViews=PairedViews,
)


def views_of_config(path: str, options: dict | None = None) -> tuple[BaseDataset, Maker, int]:
    """What a config trains on, how it makes the views, and its seed.

    Raises:
        InputError: the config is bad, makes no views, or its images are not there.
    """
    cfg = load_config(path, options)
    check_data_folders(dict(train_dataloader=cfg.train_dataloader))
    twins = find_views(cfg, path)
    with explained('the data set'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    return dataset, twins, cfg.randomness.seed


def views_of_images(
    source: str, size: int | None, channels: int | None = None, range: Any = None
) -> tuple[BaseDataset, TwinViews, int]:
    """Images, the views that the official code makes of those of ImageNet, and a seed.

    Args:
        source: see `image_source`.
        size: of the views, in pixels; None: by the sizes of the images.
        channels, range: of the images, see `measure_values`; measured by default, unless they are
            of 8-bit gray or RGB.

    Raises:
        InputError: there is no such source, no image in it, or no values fit all of them.
    """
    dataset = image_source([source])
    images: dict[str, Any] = {}
    if channels is not None or range is not None or not is_all_eight_bit(dataset):
        values = measure_values(dataset, range, channels).values
        images = dict(channels=values.channels, range=values.range) if values else {}
    views = dict(blur=1.0), dict(blur=0.1, solarize=0.2)
    return dataset, TwinViews(size or default_size(dataset)[0], *views, **images), 0


def find_views(cfg: Config, name: str) -> Maker:
    """The views of the data loader, or those that the model's preprocessor makes on the device."""
    for node in nodes(cfg):
        if maker := MAKERS.get(str(node.get('type')).removeprefix('mmbarlow.')):
            known = inspect.signature(maker).parameters  # that of a batch has others besides
            return maker(**{key: value for key, value in node.items() if key in known})
    names = ', '.join(f'mmbarlow.{name}' for name in MAKERS)
    raise InputError(f'{name} makes no views: it has none of {names}.')


def check_picture(count: int, output: Path) -> None:
    """Raises InputError for a number of images, or a file, that `draw_views` could not take."""
    if count < 1:
        raise InputError(f'--count is {count}: take at least 1.')
    if not output.parent.is_dir():
        raise InputError(f'there is no folder {output.parent} for --output.')
    kinds = Figure().canvas.get_supported_filetypes()
    if (kind := output.suffix.lstrip('.')) and kind not in kinds:
        raise InputError(f'no picture is written as .{kind}: take one of {", ".join(kinds)}.')


def draw_views(
    dataset: BaseDataset, maker: Maker, seed: int, epoch: int, count: int, path: Path
) -> Iterator[str]:
    """Draw a row for each of `count` images, evenly spaced: the original with the crops of its
    views, and the views with their parameters; of pairs both. They are those of a training with
    this seed.

    Yields:
        a line on each view; the picture is there after the last one.

    Raises:
        InputError: no image can be read, or the picture cannot be written.
    """
    count, axes = min(count, len(dataset)), None
    for row in range(count):
        shown = _make(dataset, maker, row * len(dataset) // count, seed, epoch)
        if axes is None:
            columns = sum(1 + len(views) for _, _, views, _ in shown)
            figure = Figure(figsize=(3 * columns, 3.2 * count), layout='constrained')
            with names_as_written():
                axes = figure.subplots(count, columns, squeeze=False)
        own, number = iter(axes[row]), 0
        for info, values, views, drawn in shown:
            name = printable(info.get('img_path', f'image {info["sample_idx"]}'))
            draw_original(next(own), read_picture(info, values), drawn, Path(name).name)
            for i, view in enumerate(views):
                words, number = list(view_in_words(drawn[i])), number + 1
                yield f'{name}, view {number}: {", ".join(words)}'
                _draw_view(next(own), view if values is None else picture(view), words, number, i)
    kind = path.suffix.lstrip('.') or 'png'
    with names_as_written():
        write_atomically(path, lambda to: figure.savefig(to, dpi=100, format=kind))


def _draw_view(axes: Axes, view: Image.Image, words: list[str], number: int, color: int) -> None:
    axes.imshow(view, interpolation='nearest')
    axes.set_title(f'view {number}', fontsize=8, color=COLORS[color % len(COLORS)])
    axes.set_xlabel(textwrap.fill(', '.join(words), LINE), fontsize=7)
    axes.set(xticks=[], yticks=[])


def _make(
    dataset: BaseDataset, maker: Maker, index: int, seed: int, epoch: int
) -> list[tuple[dict, Values | None, list, list[Drawn]]]:
    """The first image from `index` on that can be read, or both of a pair: the sample, what its
    numbers mean, its views, and what was drawn for each."""
    while True:
        info = dataset.get_data_info(SampleIndex(index, Key(seed, epoch, index)))
        try:
            if isinstance(maker, ImageViews):
                views, drawn = maker.make(info)
                return [(info, maker.values, views, [drawn.of(i) for i in range(len(views))])]
            views, several = maker.make(info)
            other, k = dict(info, img_path=info['pair_path']), maker.first
            first, second = slice(k), slice(k, None)
            return [
                (info, maker.values[0], views[first], several[first]),
                (other, maker.values[1], views[second], several[second]),
            ]
        except BrokenImage:
            index += 1
            if index == len(dataset):
                raise


@names_as_written()
def draw_original(axes: Axes, image: Image.Image, drawn: list[Drawn], name: str) -> None:
    width, height = image.size
    image.thumbnail((SHOWN, SHOWN), reducing_gap=2.0)
    axes.imshow(image, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    for view, color in zip(drawn, cycle(COLORS), strict=False):
        left, top, *sides = view.box
        corner = (left - 0.5, top - 0.5)
        axes.add_patch(Rectangle(corner, *sides, fill=False, color=color, linewidth=1.5))
    axes.set_title(f'{name[-60:]}, {width} x {height}', fontsize=8)
    axes.set(xticks=[], yticks=[])


def view_in_words(drawn: Drawn) -> Iterator[str]:
    """The parameters of one view, with the jitter in the order of its steps."""
    if drawn.angle:
        yield f'rotated by {drawn.angle:.0f} degrees'
    left, top, width, height = drawn.box
    yield f'crop {width} x {height} at {left}, {top}'
    if drawn.flip:
        yield 'flipped'
    names, steps = ('brightness', 'contrast', 'saturation', 'hue'), drawn.channels
    for step in drawn.order:
        if drawn.jitter[step] != NEUTRAL[step]:
            yield f'{names[step]} {drawn.jitter[step]:.2f}'
        elif steps and step == 2 and (steps.gain != 1).any():
            yield 'gain ' + _several(steps.gain, '.2f')
        elif steps and step == 3 and steps.offset.any():
            yield 'offset ' + _several(steps.offset, '.0f')
    if steps and steps.dropped.any():
        yield f'without channel {_several(np.flatnonzero(steps.dropped) + 1, "d")}'
    if drawn.gray:
        yield 'gray'
    if drawn.sigma:
        yield f'blur {drawn.sigma:.1f}'
    if drawn.solarize:
        yield 'solarized'


def _several(numbers: np.ndarray, form: str) -> str:
    """Up to four of them, such as one for each channel."""
    shown = ' '.join(f'{number:{form}}' for number in numbers[:4])
    return shown + ' ...' * (len(numbers) > 4)
