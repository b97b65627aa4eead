"""Pictures of views, which help to choose the strengths of the distortions."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.image_reading import image_data, rgb_array
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view import NEUTRAL, Drawn

COLORS = '#d02020', '#2040d0'  # of the crops of the two views


def draw_views(
    dataset: BaseDataset,
    twins: TwinViews,
    indices: Iterable[int],
    seed: int,
    epoch: int,
    path: str | Path,
) -> Iterator[str]:
    """Save a picture of the views that these images have in this epoch of a run with this seed.

    Yields:
        A line of text for each view: the image and the parameters of the view.
    """
    rows = []
    for index in indices:
        info = dataset.get_data_info(index)
        info['sample_idx'] = SampleIndex(index, Key(seed, epoch, index))
        name = str(info.get('img_path', f'image {index}'))
        views, drawn = twins.make(info)
        rows.append((name, rgb_array(image_data(info), name), views, drawn))
        for i in (0, 1):
            yield f'{name}, view {i + 1}: {view_in_words(drawn.of(i))}'
    figure = Figure(figsize=(9, 3.2 * len(rows)), layout='constrained')
    for (name, image, views, drawn), axes in zip(
        rows, figure.subplots(len(rows), 3, squeeze=False), strict=True
    ):
        _original(axes[0], image, drawn, Path(name).name)
        for i, view in enumerate(views):
            axes[1 + i].imshow(view, interpolation='nearest')
            axes[1 + i].set_title(f'view {i + 1}', fontsize=8, color=COLORS[i])
            axes[1 + i].set_xlabel(view_in_words(drawn.of(i), ',\n', 3), fontsize=7)
        for each in axes:
            each.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=100)


def _original(axes: Axes, image: np.ndarray, drawn: Drawn, name: str) -> None:
    axes.imshow(image)
    for i, color in enumerate(COLORS):
        left, top, width, height = drawn.box[i, 0]
        corner = (left - 0.5, top - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, color=color, linewidth=1.5))
    axes.set_title(f'{name}, {image.shape[1]} x {image.shape[0]}', fontsize=8)


def view_in_words(drawn: Drawn, separator: str = ', ', per_line: int = 1) -> str:
    """The parameters of one view, with the jitter in the order of its steps."""
    left, top, width, height = drawn.box
    words = [f'crop {width} x {height} at {left}, {top}']
    if drawn.angle:
        words.insert(0, f'rotated by {drawn.angle:.0f} degrees')
    if drawn.flip:
        words.append('flipped')
    names = 'brightness', 'contrast', 'saturation', 'hue'
    for step in drawn.order:
        if drawn.jitter[step] != NEUTRAL[step]:
            words.append(f'{names[step]} {drawn.jitter[step]:.2f}')
    if drawn.gray:
        words.append('gray')
    if drawn.sigma:
        words.append(f'blur {drawn.sigma:.1f}')
    if drawn.solarize:
        words.append('solarized')
    lines = [', '.join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return separator.join(lines)
