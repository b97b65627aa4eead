"""The figure of a card: accuracies, corruptions and calibration, a color for each network."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmbarlow.benchmarks.card.measuring import SHOTS
from mmbarlow.benchmarks.card.results import Card
from mmbarlow.datasets.corruption import SEVERITIES
from mmbarlow.drawn_names import names_as_written, shown_in_legend

SHOWN = {
    'knn': 'kNN',
    'logistic': 'linear',
    'attentive': 'attentive',
    **{f'fewshot-{n}': f'{n} a class' for n in SHOTS},
    'robustness': 'corrupted',
}
PALETTE = ('#9aa0a6', '#2f6fb0', '#d9822b')  # untrained, the network, supervised


@names_as_written()
def draw_card(card: Card, path: Path) -> None:
    """Draw what was measured, a PNG whatever `path` is called."""
    panels = [_bars] if any(row in m for m in card.metrics.values() for row in SHOWN) else []
    if card.corrupted:
        panels += [_kinds, _severities]
    if card.reliability:
        panels.append(_reliability)
    wide = [panel in (_bars, _kinds) for panel in panels]
    figure = Figure(figsize=(11, 3.6 * (sum(wide) + (not all(wide)))), layout='constrained')
    grid = figure.add_gridspec(sum(wide) + (not all(wide)), 2)
    row = narrow = 0
    for panel in panels:
        if panel in (_bars, _kinds):
            panel(figure.add_subplot(grid[row, :]), card)
            row += 1
    for panel in panels:
        if panel not in (_bars, _kinds):
            panel(figure.add_subplot(grid[row, narrow]), card)
            narrow += 1
    figure.savefig(path, dpi=110, format='png')


def colors(titles: Collection[str]) -> dict[str, str]:
    own = PALETTE if len(titles) > 1 else PALETTE[1:]
    return dict(zip(titles, own, strict=False))


def _bars(axes: Axes, card: Card) -> None:
    rows = [row for row in SHOWN if any(row in found for found in card.metrics.values())]
    values, spreads = {}, {}
    for title, found in card.metrics.items():
        metrics = [found.get(row, {}) for row in rows]
        values[title] = [m.get('top1', m.get('top1_mean', np.nan)) for m in metrics]
        spreads[title] = [m.get('top1_std', 0.0) for m in metrics]
    grouped_bars(axes, [SHOWN[row] for row in rows], values, spreads)
    chance = 100 * card.labels.bincount().max().item() / len(card.labels)
    axes.axhline(chance, color='black', linestyle=':', linewidth=1, label='the largest class')
    axes.set(title=f'{card.data.name}: right answers on {len(card.labels):,} test images')
    axes.legend(fontsize=8, ncols=4, loc='upper center', bbox_to_anchor=(0.5, -0.1), frameon=False)


def _kinds(axes: Axes, card: Card) -> None:
    names = [name.replace('_', '\n') for name in card.corruptions]
    values = {title: table.mean(1).tolist() for title, table in card.corrupted.items()}
    grouped_bars(axes, names, values, {}, size=7)
    axes.set(title='corrupted images, linear: mean over the severities')


def grouped_bars(axes: Axes, names: list[str], values: dict, spreads: dict, size: int = 9) -> None:
    """Bars in groups, with their numbers."""
    width = 0.8 / len(values)
    for i, (title, heights) in enumerate(values.items()):
        places = np.arange(len(names)) + (i - (len(values) - 1) / 2) * width
        error = spreads.get(title)
        error = None if error is None else [e or np.nan for e in error]
        color, label = colors(values)[title], shown_in_legend(title)
        bars = axes.bar(places, heights, width, yerr=error, color=color, label=label, capsize=2)
        if len(names) * len(values) <= 36:
            digits = 0 if len(names) > 5 else 1
            labels = ['' if np.isnan(h) else f'{h:.{digits}f}' for h in heights]
            axes.bar_label(bars, labels, fontsize=7, padding=1)
    axes.set_xticks(range(len(names)), names, fontsize=size)
    most = np.nanmax([*values.values()])
    axes.set(ylabel='percent', ylim=(0, min(108, 1.2 * most + 1)))
    axes.grid(axis='y', alpha=0.3)
    axes.set_axisbelow(True)


def _severities(axes: Axes, card: Card) -> None:
    for title, table in card.corrupted.items():
        clean = card.metrics[title]['robustness']['top1_clean']
        line = [clean, *table.mean(0).tolist()]
        color, label = colors(card.metrics)[title], shown_in_legend(title)
        axes.plot([0, *SEVERITIES], line, 'o-', color=color, label=label)
    axes.set(title='corrupted images, linear: mean over the corruptions')
    axes.set(xlabel='severity (0: clean)', ylabel='percent', ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _reliability(axes: Axes, card: Card) -> None:
    axes.plot([0, 1], [0, 1], ':', color='black', label='calibrated')
    for title, bins in card.reliability.items():
        there = bins.share > 0
        error = card.metrics[title]['calibration']['ece']
        x, y, share = (v[there].tolist() for v in bins)
        label = shown_in_legend(f'{title}, ECE {error:.1f} %')
        axes.plot(x, y, '-', color=colors(card.metrics)[title], label=label)
        axes.scatter(
            x, y, [10 + 250 * s for s in share], color=colors(card.metrics)[title], alpha=0.6
        )
    axes.set(title='reliability, linear: a dot is a bin, its area the share of images')
    axes.set(xlabel='confidence', ylabel='share of right answers', xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
