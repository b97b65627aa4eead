"""The figure of a study: what was measured, and beside it what is published."""

from pathlib import Path
from statistics import mean, stdev

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from mmbarlow.studies.catalogue import Study
from mmbarlow.studies.results import MEASURES, Results, compared

MEASURED, PUBLISHED = '#4878a8', '#e0a458'


def draw_study(study: Study, dataset: str, results: Results, path: Path) -> Figure | None:
    """Write the figure: the first column of the table, with a bar for the deviation over seeds.

    Points without a record are left out; without any there is no figure.
    """
    measure, values = MEASURES[dataset][0], {}
    for point in compared(study, dataset):
        if same := results.of(point, measure.benchmark):
            values[point.name] = [record.metrics[measure.metric] for record in same]
    untrained = values.pop(None, [])
    if not values:
        return None
    label = f'{measure.header}, in percent ({dataset})'
    numbers = all(isinstance(key, (int, float)) for key in study.points[dataset])
    figure = Figure(figsize=(7, 4), layout='constrained')
    (_draw_line if numbers else _draw_bars)(figure, study, values, label)
    if untrained:
        axes = figure.axes[0]
        line = axes.axhline if numbers else axes.axvline
        line(mean(untrained), color='black', linestyle=':', label='untrained')
    figure.axes[0].set_title(study.title)
    pairs = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles, labels = (sum(part, []) for part in zip(*pairs, strict=True))
    figure.legend(handles, labels, loc='outside lower center', ncols=len(labels))
    figure.savefig(path, dpi=120)
    return figure


def _draw_line(figure: Figure, study: Study, values: dict, label: str) -> None:
    """Numbers along x; what is published has its own scale at the right."""
    axes = figure.subplots()
    axes.errorbar(
        list(values), *_moments(values), fmt='o-', capsize=3, color=MEASURED, label='here'
    )
    axes.set(xlabel=study.axis, ylabel=label)
    axes.yaxis.label.set_color(MEASURED)
    ticks = set(values)
    if len(study.published) > 1:
        right = axes.twinx()
        line = zip(*study.published.items(), strict=True)
        right.plot(*line, 's--', color=PUBLISHED, label='published')
        right.set_ylabel('linear, in percent (ImageNet)', color=PUBLISHED)
        ticks |= set(study.published)
    if study.log:
        axes.set_xscale('log', base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(ticks)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.tick_params(axis='x', labelsize=8, rotation=45 if len(ticks) > 8 else 0)


def _draw_bars(figure: Figure, study: Study, values: dict, label: str) -> None:
    """Words from top to bottom; bars of what is published are under ours."""
    axes = figure.subplots()
    at = range(len(values))
    heights, errors = _moments(values)
    axes.barh(at, heights, 0.4, xerr=errors, capsize=3, color=MEASURED, label='here')
    published = {i: study.published[key] for i, key in enumerate(values) if key in study.published}
    if len(published) > 1:
        places = [i + 0.4 for i in published]
        name = 'published: linear, in percent (ImageNet)'
        axes.barh(places, list(published.values()), 0.4, color=PUBLISHED, label=name)
    axes.set(xlabel=label, ylabel=study.axis, yticks=list(at), yticklabels=list(values))
    axes.invert_yaxis()


def _moments(values: dict) -> tuple[list[float], list[float]]:
    """Means, and sample deviations, 0 for a single seed."""
    deviations = [stdev(v) if len(v) > 1 else 0.0 for v in values.values()]
    return [mean(v) for v in values.values()], deviations
