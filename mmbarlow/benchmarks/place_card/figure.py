"""The figure of a card of masks or boxes: a bar for each network, and what each one answers."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmbarlow.benchmarks.card.figure import grouped_bars
from mmbarlow.benchmarks.place_card.results import PlaceCard
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.drawn_names import names_as_written


@names_as_written()
def draw_place_card(card: PlaceCard, path: Path) -> None:
    """Draw what was measured, a PNG whatever `path` is called."""
    task, shown = card.task, len(card.shown)
    columns = 2 + len(card.answers)
    figure = Figure(figsize=(11, 3 + 11 / columns * 0.8 * shown), layout='constrained')
    heights = [3, *[11 / columns * 0.8] * shown]
    grid = figure.add_gridspec(1 + shown, columns, height_ratios=heights)
    axes = figure.add_subplot(grid[0, :])
    values = {t: [found[name] for name in task.rows] for t, found in card.metrics.items()}
    grouped_bars(axes, list(task.rows.values()), values, {})
    axes.set(title=f'{task.name}: linear {task.part} on {len(task.paths[1]):,} test images')
    axes.legend(fontsize=8, loc='upper left')
    for place, number in enumerate(card.shown):
        row = [figure.add_subplot(grid[1 + place, i]) for i in range(columns)]
        for each in row:
            _show(each, task.paths[1][number])
        task.draw_truth(row[1], number)
        for each, answers in zip(row[2:], card.answers.values(), strict=True):
            task.draw_answer(each, answers[place], number)
        if not place:
            for each, title in zip(row, ['image', 'annotated', *card.answers], strict=True):
                each.set_title(title, fontsize=9)
    figure.savefig(path, dpi=110, format='png')


def _show(axes: Axes, path: Path) -> None:
    axes.imshow(read_rgb(dict(img_path=str(path))))
    axes.set_axis_off()
