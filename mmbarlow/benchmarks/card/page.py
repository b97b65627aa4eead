"""The page of a card, in Markdown."""

import csv
import io
from collections.abc import Iterator
from math import sqrt

from mmbarlow.benchmarks.card.measuring import SHOTS
from mmbarlow.benchmarks.card.results import Card
from mmbarlow.benchmarks.labeled_results import row_title
from mmbarlow.benchmarks.network import Network
from mmbarlow.datasets.corruption import SEVERITIES
from mmbarlow.zoo import provenance
from mmbarlow.zoo.markdown import code, markdown_table, plain

# Title of a row, the key of its results, the metric.
ROWS = (
    ('kNN, 20 neighbors', 'knn', 'top1'),
    ('linear (logistic regression)', 'logistic', 'top1'),
    ('linear, mean over classes', 'logistic', 'top1_per_class'),
    ('attentive probe', 'attentive', 'top1'),
    *((f'kNN, {n} label{"s" * (n > 1)} a class', f'fewshot-{n}', 'top1') for n in SHOTS),
    ('linear, the images that are corrupted, before', 'robustness', 'top1_clean'),
    ('linear, corrupted images', 'robustness', 'top1'),
)
ERRORS = (
    ('calibration error (ECE), percent', 'ece', '.1f'),
    ('Brier score', 'brier', '.3f'),
    ('negative log-likelihood, nats', 'loss_nll', '.3f'),
)


def card_page(card: Card, network: Network, side: int) -> str:
    """The whole page; card.png lies beside it.

    Args:
        network: that the card is about.
        side: of the images as it sees them, in pixels.
    """
    about = network.about
    facts = provenance.provenance()
    file = f'{code(str(network.checkpoint))}, ' if network.checkpoint else ''
    lines = [
        f'# Report card: {row_title(network)} on {card.data.name}',
        '',
        f'{file}pretrained by {code(str(about["pretrain_config"]))}, seed {about["seed"]}; '
        f'scale: {plain(about["scale"])}',
        '',
        f'{card.train_images:,} training and {len(card.labels):,} test images of '
        f'{len(card.labels.unique())} classes, shown at {side} px to frozen networks. '
        f'{facts["date"]}, {facts["hardware"]}. The untrained network has the same architecture '
        'and weights drawn from the same seed.',
        '',
        '![Results](card.png)',
        '',
        *_accuracies(card),
        *_calibration(card),
        *_corruptions(card),
        '## How it was measured',
        '',
        *_methods(card),
        '',
        _seconds(card),
        'Made by',
        '',
        f'    {provenance.command()}',
        '',
    ]
    return '\n'.join(lines)


def _accuracies(card: Card) -> Iterator[str]:
    yield _table(
        'right answers, percent',
        card,
        [(title, [_cell(card.metrics[t].get(row), name) for t in card.metrics])
         for title, row, name in ROWS if any(row in found for found in card.metrics.values())],
    )  # fmt: skip
    count, most = len(card.labels), 100 * card.labels.bincount().max().item() / len(card.labels)
    error = 100 * sqrt(0.25 / count)
    yield (
        f'With {count:,} test images the standard error of a percentage is at most {error:.1f} '
        f'points; ± is the sample deviation over 5 draws of the labels. Always the largest class '
        f'would give {most:.1f} %.'
    )
    yield ''


def _calibration(card: Card) -> Iterator[str]:
    if not card.reliability:
        return
    rows = [
        (title, [f'{found["calibration"][name]:{form}}' for found in card.metrics.values()])
        for title, name, form in ERRORS
    ]
    yield _table('linear, calibration (0 is best)', card, rows)


def _corruptions(card: Card) -> Iterator[str]:
    if not card.corrupted:
        return
    tables = card.corrupted.values()
    rows = [
        (name, [f'{t[i].mean():.1f}' for t in tables]) for i, name in enumerate(card.corruptions)
    ]
    rows += [
        (f'all, severity {s}', [f'{t[:, s - 1].mean():.1f}' for t in tables]) for s in SEVERITIES
    ]
    yield _table('linear, corrupted images, percent', card, rows)
    yield 'A row of a corruption is the mean over the severities 1 to 5; robustness.csv has each.'
    if note := card.notes.get('robustness'):
        yield f'Measured on {note}'
    yield ''


def _methods(card: Card) -> Iterator[str]:
    costs = ', '.join(f'{cost:g} ({title})' for title, cost in card.costs.items())
    said = dict(
        features='once for each network, frozen, and pooled as it was pretrained.',
        knn='20 training images vote, by cosine similarity with a temperature of 0.07.',
        logistic='logistic regression on standardized features, by L-BFGS. Of its penalties the '
        'one that is best on a held-out tenth of up to 10,000 training images is taken: '
        f'C = {costs}.',
        attentive='efficient probing (Psomas et al., 2026): 8 learned queries weigh the places of '
        'the last map, or the tokens, before they are pooled; AdamW, about 2,000 steps.',
        fewshot='5 neighbors among the labeled images, which are drawn 5 times. Of a draw, the '
        'images for one label a class are among those for two, and so on.',
        calibration='of the logistic regression, with 15 bins of equal width.',
        robustness="ImageNet-C's corruptions of the images as the networks see them, with its "
        'parameters for 224 px, by the logistic regression of the clean images.',
    )
    for part, text in said.items():
        if part in card.seconds:
            note = card.notes.get(part)
            yield f'- **{part}**: {text}{f" Here: {note}" if note else ""}'
    for row, reason in card.left_out.items():
        yield f'- **{row}** is left out: {reason}'


def _seconds(card: Card) -> str:
    total = [sum(column) for column in zip(*card.seconds.values(), strict=True)]
    times = [*card.seconds.items(), ('all', total)]
    rows = [[part, f'{wall:.1f}', f'{cpu:.1f}'] for part, (wall, cpu) in times]
    return markdown_table(['part, all networks', 'seconds', 'CPU seconds'], rows, numbers=True)


def _table(head: str, card: Card, rows: list[tuple[str, list[str]]]) -> str:
    lines = [[title, *cells] for title, cells in rows]
    return markdown_table([head, *card.metrics], lines, numbers=True)


def _cell(metrics: dict[str, float] | None, name: str) -> str:
    if metrics is None:
        return '–'
    if name in metrics:
        return f'{metrics[name]:.1f}'
    return f'{metrics[f"{name}_mean"]:.1f} ± {metrics[f"{name}_std"]:.1f}'


def corruption_table(card: Card) -> str:
    """A line of CSV for each network, corruption and severity, with the percentage."""
    text = io.StringIO(newline='')
    rows = csv.writer(text, lineterminator='\n')
    rows.writerow(['network', 'corruption', 'severity', 'top1'])
    for title, table in card.corrupted.items():
        for name, line in zip(card.corruptions, table.tolist(), strict=True):
            rows.writerows(
                [title, name, s, f'{v:.2f}'] for s, v in zip(SEVERITIES, line, strict=True)
            )
    return text.getvalue()
