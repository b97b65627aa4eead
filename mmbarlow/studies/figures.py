"""The figure of a study: what was measured, and beside it what is published."""

from functools import partial
from math import isnan, nan
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from mmbarlow.studies.catalogue import Study
from mmbarlow.studies.results import DATA, MEASURES, Results

MEASURED, PUBLISHED = '#4878a8', '#c07a2c'
LINEAR = 'linear: accuracy (%)'
PAPER = dict(facecolor='white', edgecolor='none', pad=0.5)  # behind numbers


def draw_study(study: Study, dataset: str, results: Results, path: Path) -> Figure | None:
    """Write the figure: the first column of the table, with the deviation where seeds show one.

    What is published has a panel of its own, where it is more than one number. Points without a
    record are left out. Where that leaves nothing to compare, neither with another point nor with
    what is published, there is no figure.
    """
    measure = MEASURES[dataset][0]
    values = results.numbers(study, measure, dataset)
    untrained = values.pop(None, [])
    ordered = all(isinstance(key, (int, float)) for key in study.points[dataset])
    published = study.published if ordered else {k: study.published.get(k or '') for k in values}
    both = sum(value is not None for value in published.values()) > 1
    if len(values) + both < 2:
        return None
    size = (8.5, 3.8 if ordered else 1.6 + 0.34 * len(values))
    figure = Figure(figsize=size, layout='constrained')
    panels = figure.subplots(1, 1 + both, sharey=not ordered, squeeze=False)[0]
    draw = partial(_draw_line, scale='log' if study.log else 'linear') if ordered else _draw_bars
    for panel in panels if ordered else ():
        panel.set_xlabel(study.axis)
    draw(panels[0], values, MEASURED)
    panels[0].set_title(f'{DATA[dataset]}: {_seeds(values)}', fontsize=10)
    if both:
        draw(panels[1], {k: [v] for k, v in published.items() if v}, PUBLISHED)
        panels[1].set_title('ImageNet: published', fontsize=10)
    along = Axes.set_ylabel if ordered else Axes.set_xlabel
    for panel, text in zip(panels, (f'{measure.header}: accuracy (%)', LINEAR), strict=False):
        along(panel, text)
    if untrained:
        _draw_untrained(panels[0], mean(untrained), ordered)
    figure.suptitle(study.title)
    figure.savefig(path, dpi=120)
    return figure


def _draw_line(axes: Axes, values: dict, color: str, scale: str) -> None:
    """Numbers along x."""
    means, deviations = _moments(values)
    axes.errorbar(list(values), means, deviations, fmt='o-', capsize=4, color=color)
    axes.set_xscale(scale)  # from now on: error bars drawn on a log scale would reach down to 1
    for x, y, spread in zip(values, means, deviations, strict=True):
        _write(axes, f'{y:.1f}', (x, y if isnan(spread) else y + spread), (0, 6), va='bottom')
    axes.margins(0.08, 0.15)
    axes.xaxis.set_major_locator(FixedLocator(list(values)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter('{x:g}')


def _draw_bars(axes: Axes, values: dict, color: str) -> None:
    """Words from top to bottom."""
    means, deviations = _moments(values)
    axes.barh(list(values), means, 0.65, xerr=deviations, capsize=4, color=color)
    ends = [x if isnan(spread) else x + spread for x, spread in zip(means, deviations, strict=True)]
    for name, x, end in zip(values, means, ends, strict=True):
        _write(axes, f'{x:.1f}', (end, name), (5, 0), ha='left')
    if not axes.yaxis_inverted():  # of panels that share it, once
        axes.set_ylim(len(values) - 0.5, -1.2)  # with room for the name of the untrained network
    axes.set_xlim(0, 1.15 * max(ends))


def _draw_untrained(axes: Axes, level: float, ordered: bool) -> None:
    """Its accuracy across the panel, with its name."""
    line = axes.axhline if ordered else axes.axvline
    line(level, color='black', linestyle=':')
    if ordered:
        text, beside = f'untrained\n{level:.1f}', axes.get_yaxis_transform()
        _write(axes, text, (1, level), (4, 0), 'left', coordinates=beside)
    else:
        text, inside = f'untrained {level:.1f}', axes.get_xaxis_transform()
        _write(axes, text, (level, 1), (-3, -3), 'right', 'top', inside)


def _write(
    axes: Axes, text: str, at, offset, ha='center', va='center', coordinates: Any = 'data'
) -> None:
    """Beside a place, with an offset in points."""
    axes.annotate(
        text,
        at,
        xytext=offset,
        xycoords=coordinates,
        textcoords='offset points',
        ha=ha,
        va=va,
        fontsize=9,
        bbox=PAPER,
    )


def _moments(values: dict) -> tuple[list[float], list[float]]:
    """Means, and sample deviations, which a single seed does not have."""
    deviations = [stdev(v) if len(v) > 1 else nan for v in values.values()]
    return [mean(v) for v in values.values()], deviations


def _seeds(values: dict) -> str:
    counts = sorted({len(own) for own in values.values()})
    if counts == [1]:
        return 'one seed'
    number = ' to '.join(f'{count}' for count in dict.fromkeys([counts[0], counts[-1]]))
    return f'mean and standard deviation of {number} seeds'
