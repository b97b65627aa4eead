"""Figures of a network while it is trained, for whoever shows them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from mmbarlow.datasets.scaled_image import picture
from mmbarlow.drawn_names import names_as_written
from mmbarlow.evaluation.correlation import Correlation, spectra_of
from mmbarlow.visualization import places_on_map, show_map, show_matrix

NAMED = 20  # classes that a legend has
VIEWS = 8  # images of a batch that are shown


def correlation_figure(c: Correlation) -> Figure:
    """The cross-correlation matrix of two views."""
    figure = Figure(figsize=(6, 5.2), layout='constrained')
    axes = figure.subplots()
    step = -(-c.dimensions // len(c.cells))
    unit = 'dimension' if step == 1 else f'block of {step} dimensions'
    figure.colorbar(show_matrix(axes, c.cells, unit), ax=axes, label='correlation')
    axes.set_title(
        f'{c.images:,} images, {c.dimensions:,} dimensions: mean diagonal {c.diagonal:.2f}, '
        f'rms of the rest {c.rest:.2f}',
        fontsize=9,
    )
    return figure


def spectrum_figure(c: Correlation) -> Figure:
    """Singular values of the cross-correlation, and eigenvalues of one view's correlation."""
    figure = Figure(figsize=(6, 4), layout='constrained')
    axes = figure.subplots()
    for name, points in spectra_of(c).items():
        axes.plot(*zip(*points, strict=True), '.-', markersize=3, label=name)
    most = min(c.images - 1, c.dimensions)
    axes.set(yscale='log', xlabel='direction, by size', ylabel='value (no unit)')
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f'effective rank of one view: {c.rank:.1f} of at most {most:,}', fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def views_figure(model: Any, views: Sequence[Tensor]) -> Figure:
    """The first images of normalized views (n, C, H, W), a row for each view."""
    columns = min(VIEWS, len(views[0]))
    figure = Figure(figsize=(1.3 * columns, 1.4 * len(views)), layout='constrained')
    rows = figure.subplots(len(views), columns, squeeze=False)
    for letter, row, view in zip('ABCDEFGH', rows, views, strict=False):
        for i, axes in enumerate(row):
            axes.imshow(pixels_of_view(model, view[i]), interpolation='nearest')
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(f'view {letter}')
    for i, axes in enumerate(rows[0]):
        axes.set_title(f'image {i + 1}', fontsize=8)
    return figure


@names_as_written()
def map_figure(
    features: Tensor, labels: Tensor | None, classes: Sequence[str], what: str, method: str
) -> Figure:
    """A map of features (N, C), in the colors of their labels (N,) if there are any.

    Args:
        classes: names of the labels. what: the images are. method: 'tsne' or 'pca'.
    """
    figure = Figure(figsize=(6.5, 5), layout='constrained')
    axes, places = figure.subplots(), places_on_map(features, method)
    if labels is None:
        axes.scatter(*places.T, s=6)
    else:
        show_map(axes, places, labels, classes)
        if len(labels.unique()) <= NAMED:
            axes.legend(markerscale=3, fontsize=8, loc='center left', bbox_to_anchor=(1, 0.5))
    how = 't-SNE of the angles between representations'
    if method == 'pca':
        how = 'first two principal components of representations'
    axes.set_title(f'{how}, {len(places):,} {what}', fontsize=9)
    axes.set(xlabel='horizontal place (no unit)', ylabel='vertical place (no unit)')
    return figure


@names_as_written()
def drawn_pixels(figure: Figure) -> np.ndarray:
    """A figure as RGB, uint8 (H, W, 3)."""
    figure.set_dpi(120)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def pixels_of_view(model: Any, view: Tensor) -> np.ndarray:
    """A normalized view (C, H, W) as the uint8 array (H, W, 3) that it was made from, or as the
    picture of it where images have other channels."""
    preprocessor = model.data_preprocessor
    if getattr(preprocessor, '_enable_normalize', True) and hasattr(preprocessor, 'mean'):
        view = view * preprocessor.std + preprocessor.mean
    return np.asarray(picture(view.clamp(0, 255).permute(1, 2, 0).cpu().numpy()))
