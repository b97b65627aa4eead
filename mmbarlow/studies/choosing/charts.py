"""The scatter plots of the study: a value of each checkpoint against its accuracy."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from mmbarlow.studies.choosing.rules import RULES, SHOWN
from mmbarlow.studies.choosing.tables import Runs

COLORS = ('#4878a8', '#e0a458', '#6a9f58', '#a8577e', '#7f7f7f', '#8c6bb1', '#3fa7a0', '#c44e52')
MARKERS = 'osD^vPX*'
LINE, END = 0.6, 26


def draw_scatter(runs: Runs, title: str, path: Path) -> Figure:
    """A panel for each shown rule: checkpoints of a run joined by a line, the last one marked.

    Runs have the color and the marker of what they vary.
    """
    figure = Figure(figsize=(10, 8.4), layout='constrained')
    kinds = sorted({lines[0]['varies'] for lines in runs.values()})
    styles = {kind: (COLORS[i % 8], MARKERS[(i + i // 8) % 8]) for i, kind in enumerate(kinds)}
    for axes, name in zip(figure.subplots(2, 2, sharey=True).flat, SHOWN, strict=True):
        rule = RULES[name]
        for lines in runs.values():
            color, marker = styles[lines[0]['varies']]
            pairs = [(rule.value(x), x['knn']) for x in lines]
            known = [(x, y) for x, y in pairs if x is not None]
            if known:
                axes.plot(*zip(*known, strict=True), color=color, linewidth=LINE, alpha=0.6)
                axes.scatter(*zip(*known, strict=True), s=5, color=color)
                axes.scatter(*known[-1], s=END, color=color, marker=marker, edgecolor='black',
                             linewidth=0.4, zorder=3)  # fmt: skip
        if name == 'loss_over_floor':
            axes.set_xscale('log')
            axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
            for ticks in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
                ticks('{x:g}')  # 0.2, not 2 x 10^-1
        if name == 'alpha':
            axes.axvline(1, color='black', linestyle=':', linewidth=0.8)
        axes.set_xlabel(rule.axis)
        axes.grid(alpha=0.25)
    for axes in figure.axes[::2]:
        axes.set_ylabel('kNN top-1 (percent)')
    for kind, (color, marker) in styles.items():
        figure.axes[0].scatter([], [], color=color, marker=marker, s=END, label=kind)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=min(5, len(labels)))
    figure.suptitle(f'{title}: a line is a run, its marker the last checkpoint')
    figure.savefig(path, dpi=130)
    return figure
