"""Pictures of a run: its curve, its cross-correlation matrix, its features, what it confuses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import LogFormatter, MaxNLocator
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from torch import Tensor

from mmbarlow.drawn_names import names_as_written, shown_in_legend

COLORS = colormaps['tab20']([*range(0, 20, 2), *range(1, 20, 2)])  # C0 to C9, then paler ones
Line = list[tuple[float, float]]
Curve = list[dict[str, float]]  # the `curve` of a record


def draw_curve(curve: Curve, floor: float, path: str | Path) -> None:
    """Draw both terms of the loss over the epochs, and the metrics measured during the run.

    Args:
        curve: the curve of a pretraining record.
        floor: lower bound of the loss, from `mmbarlow.loss.loss_floor`.
        path: file of the picture.
    """
    figure = Figure(figsize=(8, 4), layout='constrained')
    left = figure.subplots()
    epochs = [entry['epoch'] for entry in curve]
    terms = {name: [e[f'loss_{name}'] for e in curve] for name in ('invariance', 'redundancy')}
    left.stackplot(epochs, list(terms.values()), labels=list(terms), colors=['#4878a8', '#e0a458'])
    left.axhline(floor, color='black', linestyle=':', label=f'floor of the loss, {floor:.0f}')
    left.set(xlabel='epoch', ylabel='loss', xlim=(epochs[0], epochs[-1]), ylim=(0, None))
    right = left.twinx()
    for metric in sorted({name for e in curve for name in e if '/top1' in name}):
        points = [(e['epoch'], e[metric]) for e in curve if metric in e]
        right.plot(*zip(*points, strict=True), 'o-', color='#a03030', label=f'{metric}, right')
    right.set(ylabel='top-1 in percent')
    lines = [ax.get_legend_handles_labels() for ax in (left, right)]
    left.legend(lines[0][0] + lines[1][0], lines[0][1] + lines[1][1], loc='center right')
    figure.savefig(path, dpi=120)


@names_as_written()
def draw_curves(lines: dict[str, list[Curve]], metric: str, path: str | Path) -> Figure:
    """Draw a metric over the epochs: a line for the mean over runs, a band from least to most.

    Args:
        lines: label to the curves of runs that differ in their seed.
        metric: key of the curves' entries; entries without it are left out.
        path: file of the picture.
    """
    figure = Figure(figsize=(7, 4.4), layout='constrained')
    axes = figure.subplots()
    for label, curves in lines.items():
        values: dict[float, list[float]] = {}
        for entry in (e for curve in curves for e in curve if metric in e):
            values.setdefault(entry['epoch'], []).append(entry[metric])
        epochs = sorted(values)
        means = [np.mean(values[epoch]) for epoch in epochs]
        (line,) = axes.plot(epochs, means, '.-', label=shown_in_legend(label))
        least, most = ([f(values[epoch]) for epoch in epochs] for f in (min, max))
        axes.fill_between(epochs, least, most, color=line.get_color(), alpha=0.2)
    axes.set(xlabel='epoch', ylabel=metric)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)
    return figure


@names_as_written()
def draw_panels(panels: Sequence[tuple[str, str, str, bool, dict[str, Line]]], path: Path) -> None:
    """Draw a chart for each panel: its title, the names of its axes, whether y is logarithmic, and
    its lines by name, points (x, y) each.

    Args:
        path: file of the picture.
    """
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows), layout='constrained')
    places = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, (title, x, y, log, lines) in zip(places, panels, strict=False):
        for name, line in lines.items():
            axes.plot(*zip(*line, strict=True), '.-', markersize=3, label=shown_in_legend(name))
        axes.set(title=title, xlabel=x, ylabel=y, yscale='log' if log else 'linear')
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if log:  # 40 and 50 rather than powers of ten with a factor
            axes.yaxis.set_major_formatter(LogFormatter())
            axes.yaxis.set_minor_formatter(LogFormatter())
        elif all(value == 0 for line in lines.values() for _, value in line):
            axes.set_ylim(0, 1)
        axes.margins(y=0.15)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    figure.savefig(path, dpi=120)


def draw_cross_correlation(before_DD: Tensor, after_DD: Tensor, path: str | Path) -> None:
    """Draw the matrices before and after pretraining, 64 dimensions each so that lines show."""
    figure = Figure(figsize=(9, 4.4), layout='constrained')
    titles = ('before', 'after')
    for axes, c_DD, title in zip(figure.subplots(1, 2), (before_DD, after_DD), titles, strict=True):
        D = len(c_DD)
        diagonal = c_DD.diagonal()
        off_diagonal = (c_DD.square().sum() - diagonal.square().sum()) / (D * D - D)
        image = show_matrix(axes, c_DD[:64, :64])
        axes.set_title(
            f'{title}: mean diagonal {diagonal.mean():.2f}, rms of the rest '
            f'{off_diagonal.sqrt():.2f}',
            fontsize=10,
        )
    figure.colorbar(image, ax=figure.axes, label='correlation')
    figure.savefig(path, dpi=120)


def show_matrix(axes: Axes, cells: Tensor, unit: str = 'dimension') -> AxesImage:
    """A cross-correlation, or blocks of it, with entries from -1 (blue) over 0 (white) to 1."""
    axes.set(xlabel=f'{unit} of view B', ylabel=f'{unit} of view A')
    return axes.imshow(cells.numpy(), cmap='RdBu_r', vmin=-1, vmax=1)


def places_on_map(features: Tensor, method: str = 'tsne') -> np.ndarray:
    """Places of features (N, C) in the plane, (N, 2): 'tsne' by their angles, or 'pca'.

    Fewer than 4 images have too few neighbors for t-SNE; PCA places them.
    """
    x = features.numpy()
    if method == 'pca' or len(x) < 4:
        flat = PCA(min(2, *x.shape), random_state=0).fit_transform(x)
        return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    nearby = min(30.0, (len(x) - 1) / 3)
    places = TSNE(metric='cosine', init='pca', perplexity=nearby, random_state=0)
    return places.fit_transform(x)


def draw_map(maps: dict[str, Tensor], labels: Tensor, path: str | Path) -> None:
    """Draw t-SNE maps of features, one panel per entry of `maps`, colored by label.

    Args:
        maps: title to features (N, C).
        labels: (N,), whole numbers below 10.
        path: file of the picture.
    """
    figure = Figure(figsize=(5 * len(maps), 5), layout='constrained')
    for axes, (title, features) in zip(
        np.atleast_1d(figure.subplots(1, len(maps))), maps.items(), strict=True
    ):
        show_map(axes, places_on_map(features), labels, [])
        axes.set_title(title)
    axes.legend(markerscale=3, loc='center left', bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def show_map(axes: Axes, places: np.ndarray, labels: Tensor, names: Sequence[str]) -> None:
    """Points (N, 2) in the colors of their labels (N,), which the legend calls by their names."""
    present: list[int] = labels.unique().tolist()
    for label in present:
        chosen = places[(labels == label).numpy()]
        name = names[label] if label < len(names) else str(label)
        color = COLORS[label % len(COLORS)]
        axes.scatter(*chosen.T, s=6, color=color, label=shown_in_legend(name))
    axes.set(xticks=[], yticks=[])


@names_as_written()
def draw_confusion(counts: Tensor, classes: list[str], path: str | Path) -> None:
    """Draw of each true class (a row) the shares of the answers; up to 40 classes by their names,
    and up to 20 with the percentages.

    Args:
        counts: images by true class and answer, (classes, classes).
        classes: their names.
        path: file of the picture, a PNG whatever it is called.
    """
    shares = 100 * counts.double() / counts.sum(1, keepdim=True).clamp_min(1)
    side = min(12.0, 3 + 0.45 * len(classes))
    figure = Figure(figsize=(side + 1, side), layout='constrained')
    axes = figure.subplots()
    image = axes.imshow(shares.numpy(), cmap='Blues', vmin=0, vmax=100)
    axes.set(xlabel='answer', ylabel='true class')
    if len(classes) <= 40:
        names = [name if len(name) <= 24 else f'{name[:22]}...' for name in classes]
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
    if len(classes) <= 20:
        for (row, column), share in np.ndenumerate(shares.numpy()):
            color = 'white' if share > 50 else 'black'
            axes.text(column, row, f'{share:.0f}', ha='center', va='center', color=color, size=8)
    figure.colorbar(image, ax=axes, label='percent of the true class', shrink=0.8)
    figure.savefig(path, dpi=120, format='png')
