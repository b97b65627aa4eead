"""Line charts as SVG that takes its colors from the page."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from matplotlib.ticker import LogLocator, MaxNLocator

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 12, 40


class Series(NamedTuple):
    """name; points (x, y); dashed for what is no measurement, such as a bound."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def line_chart(
    title: str, series: list[Series], x_label: str, log: bool = False, ends: bool = True
) -> str:
    """A figure with a title, lines, a legend where there are several, and a text for readers.

    Args:
        title: above the chart.
        series: lines; points that are not finite, or not positive on a logarithmic axis, are left
            out.
        x_label: below the chart.
        log: whether the axis of y is logarithmic.
        ends: whether the legend has the last value of each line.
    """
    drawn = [s._replace(points=_usable(s.points, log)) for s in series]
    drawn = [s for s in drawn if s.points]
    if not drawn:
        return ''
    xs = [x for s in drawn for x, _ in s.points]
    ys = [y for s in drawn for _, y in s.points]
    x_ticks = [t for t in MaxNLocator(6, integer=True).tick_values(min(xs), max(xs))]
    y_low, y_high, y_ticks = _log_axis(ys) if log else _axis(ys)
    x_low, x_high = min(xs), max(xs)
    x_high += x_high == x_low

    def place(x: float, y: float) -> tuple[float, float]:
        if log:
            share = (math.log10(y) - math.log10(y_low)) / (math.log10(y_high) - math.log10(y_low))
        else:
            share = (y - y_low) / (y_high - y_low)
        across = (x - x_low) / (x_high - x_low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - share * (
            HEIGHT - TOP - BOTTOM
        )

    parts = []
    for tick in y_ticks:
        y = place(x_low, tick)[1]
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>'
        )
    for tick in x_ticks:
        if x_low <= tick <= x_high:
            x = place(tick, y_low)[0]
            at = f'x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}"'
            parts.append(f'<text {at} text-anchor="middle">{number(tick)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 5}" text-anchor="middle">{escape(x_label)}</text>'
    )
    for i, s in enumerate(drawn):
        parts.append(_line(i, s, [place(*p) for p in s.points], x_label))
    spoken = '; '.join(_spoken(s, x_label) for s in drawn)
    legend = ''.join(
        f'<li class="{_style(i, s)}">{escape(s.name)}{_end(s) * ends}</li>'
        for i, s in enumerate(drawn)
    )
    return (
        f'<figure class="chart"><h3>{escape(title)}</h3><svg viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}: {escape(spoken)}">{"".join(parts)}</svg>'
        f'<ul class="legend" aria-hidden="true">{legend}</ul></figure>'
    )


def number(value: float) -> str:
    """In four digits at most: 12,345, 0.0051, 1e-6."""
    if value and not 1e-3 <= abs(value) < 1e7:
        return f'{value:.1e}'.replace('e-0', 'e-').replace('e+0', 'e').replace('.0e', 'e')
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.4g}'


def _usable(points: Sequence[tuple[float, float]], log: bool) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if math.isfinite(y) and (y > 0 or not log)]


def _axis(values: list[float]) -> tuple[float, float, list[float]]:
    ticks = MaxNLocator(5).tick_values(min(0.0, *values), max(values) or 1.0)
    return ticks[0], ticks[-1], list(ticks)


def _log_axis(values: list[float]) -> tuple[float, float, list[float]]:
    low, high = min(values), max(values)
    low, high = (low / 1.2, high * 1.2)
    ticks = [t for t in LogLocator(10, numticks=6).tick_values(low, high) if low <= t <= high]
    if len(ticks) < 2:
        subs = LogLocator(10, subs=(1, 2, 5), numticks=8).tick_values(low, high)
        ticks = [t for t in subs if low <= t <= high]
    return low, high, ticks


def _line(i: int, s: Series, places: list[tuple[float, float]], x_label: str) -> str:
    path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in places)
    line = f'<polyline class="line {_style(i, s)}" points="{path}"/>'
    if s.dashed or len(places) > 120:
        return line
    kind = f's{i} one' if len(places) < 15 else f's{i}'
    dots = ''.join(
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{escape(s.name)} '
        f'{number(value)} at {escape(x_label)} {number(at)}</title></circle>'
        for (x, y), (at, value) in zip(places, s.points, strict=True)
    )
    return line + dots


def _end(s: Series) -> str:
    return f'<b>{number(s.points[-1][1])}</b>'


def _style(i: int, s: Series) -> str:
    return 's3 dashed' if s.dashed else f's{i}'


def _spoken(s: Series, x_label: str) -> str:
    (first_x, first), (last_x, last) = s.points[0], s.points[-1]
    if s.dashed:
        return f'{s.name} {number(last)}'
    return (
        f'{s.name} from {number(first)} at {x_label} {number(first_x)} '
        f'to {number(last)} at {number(last_x)}'
    )
