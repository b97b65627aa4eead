"""The sections of the page that come from logs and records."""

from collections import defaultdict
from collections.abc import Sequence

from mmbarlow.commands.page import document
from mmbarlow.commands.page.charts import Series, line_chart, number
from mmbarlow.commands.page.run_folder import RunFolder
from mmbarlow.evaluation.correlation import Correlation, spectra_of
from mmbarlow.zoo.curve import Points, thinned
from mmbarlow.zoo.panels import PANELS, panel_lines, read_spectra
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import LABELS

TERMS = dict(loss='loss', loss_invariance='invariance', loss_redundancy='redundancy')


def curves_section(run: RunFolder) -> str:
    unit, floor = run.unit, run.floor

    def series(name: str, key: str) -> Series:
        return Series(name, [(p[unit], p[key]) for p in run.curve if key in p and unit in p])

    terms = [series(name, key) for key, name in TERMS.items()]
    if floor and run.curve:
        ends = [(run.curve[i][unit], floor) for i in (0, -1)]
        terms.append(Series('floor', ends, dashed=True))
    charts = [line_chart('Both terms of the loss', terms, unit)]
    if floor:
        over = [(p[unit], p['loss'] / floor) for p in run.curve if 'loss' in p]
        one = Series('floor', [(x, 1.0) for x, _ in (over[:1] + over[-1:])], dashed=True)
        charts.append(
            line_chart('Loss over its floor', [Series('loss / floor', over), one], unit, True)
        )
    known = list(dict.fromkeys(key for point in run.curve for key in point))
    measured = [key for key in known if '/top1' in key]
    charts.append(
        line_chart('Measured during training, percent', [series(k, k) for k in measured[:5]], unit)
    )
    charts.append(_of_lines(run.lines, 'Learning rate', ['lr']))
    charts += _spectrum_charts(run)
    body = ''.join(charts)
    if not body:
        return document.section('Curves', note='The logs hold no numbers yet.')
    return document.section('Curves', f'<div class="grid2">{body}</div>')


def _of_lines(lines: Points, title: str, keys: Sequence[str]) -> str:
    found = [Series(k, [(p['iter'], p[k]) for p in thinned(lines, 300) if k in p]) for k in keys]
    return line_chart(title, found, 'step')


def _spectrum_charts(run: RunFolder) -> list[str]:
    """What SpectrumHook has logged; the loss over its floor is drawn already where it is known."""
    charts = []
    for panel in PANELS[bool(run.floor) :]:
        found = panel_lines(panel, thinned(run.lines, 300)).items()
        lines = [Series(name, line) for name, line in found]
        charts.append(line_chart(panel.title, lines, 'step', panel.log))
    spectra = read_spectra(run.path).items()
    lines = [Series(f'step {step:,}', [p for p in line if p[1] > 0]) for step, line in spectra]
    charts.append(
        line_chart('Singular values of the embeddings', lines, 'direction', log=True, ends=False)
    )
    return charts


def spectrum_chart(c: Correlation) -> str:
    found = [Series(name, thinned_pairs(points)) for name, points in spectra_of(c).items()]
    return line_chart('Spectrum', found, 'direction', log=True, ends=False)


def thinned_pairs(points: list[tuple[float, float]], most: int = 150) -> list[tuple[float, float]]:
    step = max(1, len(points) // most)
    return points[::step]


def results_section(run: RunFolder, sha256: str | None) -> str:
    """Records of evaluations, baselines beside; a mark on those of other weights."""
    found = [r for r in run.records if r.task != 'pretrain']
    if not found:
        return document.section(
            'Results',
            note='No evaluation is recorded beside this run. '
            '<code>mmbarlow evaluate DIR LABELED</code> writes one.',
        )
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for r in sorted(found, key=lambda r: (r.dataset, r.task, r.config)):
        groups[r.dataset, r.config].append(r)
    parts = []
    for (dataset, config), same in groups.items():
        metrics = list(dict.fromkeys(name for r in same for name in r.metrics))[:6]
        same.sort(key=lambda r: (r.checkpoint_sha256 != sha256, r.model, r.seed, r.benchmark_seed))
        rows, own = [], set()
        for i, r in enumerate(same):
            label = LABELS.get(r.model, r.model)
            if r.checkpoint_sha256 and sha256 and r.checkpoint_sha256 == sha256:
                own.add(i)
            elif r.checkpoint_sha256 and sha256:
                label += ' (other weights)'
            scale = '' if r.scale == 'full' else r.scale
            cells = [f'{r.metrics[m]:.1f}' if m in r.metrics else '–' for m in metrics]
            rows.append([label, f'{r.date}, seed {r.seed}{"; " * bool(scale)}{scale}', *cells])
        table = document.numbers_table(['network', 'measured', *metrics], rows, own)
        parts.append(f'<h3>{document.text(config)} on {document.text(dataset)}</h3>{table}')
    note = 'Accuracies and average precisions are in percent. The rows of this backbone are bold.'
    return document.section('Results', *parts, note=note)


def time_section(run: RunFolder) -> str:
    rows: list[tuple[str, object]] = []
    record, meta = run.pretraining, run.meta
    seconds = record.wall_time_s if record else meta.get('wall_time_s')
    if seconds:
        rows.append(('time', duration(seconds)))
    times = sorted(p['time'] for p in run.lines if p.get('time'))
    if times and run.batch:
        median = times[len(times) // 2]
        rows.append(('speed', f'{run.batch / median:,.0f} images a second, {median:.3g} s a step'))
    if record:
        versions = ', '.join(f'{k} {v}' for k, v in record.versions.items())
        rows += [('hardware', record.hardware), ('date', record.date), ('seed', record.seed)]
        rows += [('scale', record.scale), ('command', record.command)]
        rows += [('commit', record.commit), ('versions', versions)]
    elif machine := meta.get('versions', {}).get('machine'):
        rows.append(('hardware', machine))
    return document.section('How long, and on what', document.facts_table(rows))


def duration(seconds: float) -> str:
    if seconds < 90:
        return f'{seconds:.0f} s'
    if seconds < 5400:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:,.1f} h'


def summary_tiles(run: RunFolder, images: int | None, c: Correlation | None) -> str:
    values: list[tuple[str, str, str]] = []
    if images is not None:
        values.append(('Images', f'{images:,}', f'batch {run.batch}' if run.batch else ''))
    last = run.curve[-1] if run.curve else {}
    if run.curve:
        of = f'of {run.planned:,}' if run.planned else ''
        values.append((f'{run.unit.capitalize()}s', f'{last[run.unit]:,.0f}', of))
    if 'loss' in last:
        floor = run.floor
        over = f'{last["loss"] / floor:.1f} times its floor' if floor else ''
        values.append(('Loss', number(last['loss']), over))
    if c:
        values.append(('Effective rank', f'{c.rank:.1f}', f'of {c.dimensions:,} dimensions'))
    for key, value in [pair for p in run.curve for pair in p.items() if '/top1' in pair[0]][-1:]:
        values.append((key.replace('/', ', '), f'{value:.1f} %', 'the last one measured'))
    seconds = run.pretraining.wall_time_s if run.pretraining else run.meta.get('wall_time_s')
    if seconds:
        values.append(('Time', duration(seconds), ''))
    return document.tiles(values) if values else ''
