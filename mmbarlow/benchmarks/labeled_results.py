"""Networks side by side on a user's labels: which they are, the table, the confusion matrix."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np

from mmbarlow.benchmarks.network import Network, read_network
from mmbarlow.checkpoints import sha256
from mmbarlow.convert.fitting import read_weights
from mmbarlow.datasets.labeled_images import LabeledImages
from mmbarlow.evaluation.accuracy import confusion
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.label_probes import Probed, average_precisions
from mmbarlow.files import write_atomically
from mmbarlow.visualization import draw_confusion
from mmbarlow.zoo.names import permitted
from mmbarlow.zoo.runs import LABELS
from mmbarlow.zoo.text_table import text_table, with_spread

Results = dict[str, dict[str, dict[str, float]]]  # metrics by task and by row


def pixels_like(network: Network) -> Network:
    """The raw pixels of the images of a network."""
    raw = read_network('pixels')
    return replace(raw, encoder_cfg=dict(raw.encoder_cfg, images=network.images))


def untrained_like(network: Network, seed: int = 0) -> Network:
    """A network of the same architecture with weights drawn from the seed."""
    none = dict(model='untrained', checkpoint_sha256=None, seed=seed, scale='full')
    return replace(network, about=network.about | none, checkpoint=None)


def supervised_network(path: str, like: Network) -> Network:
    """The network of a file of weights that were trained with labels.

    A file that does not describe its network, such as torchvision's, must be of the architecture
    `like`; its images are normalized as that one's.

    Raises:
        InputError: the file cannot be read.
    """
    if 'encoder' in read_weights(path).get('meta', {}):
        found = read_network(path)
        return replace(found, about=found.about | dict(model='supervised'))
    about = dict(
        model='supervised',
        pretrain_config=permitted(Path(path).stem),
        checkpoint_sha256=sha256(path),
        seed=0,
        scale='full',
    )
    return replace(like, about=about, checkpoint=path)


def row_title(network: Network) -> str:
    name: str = network.about['model']
    return LABELS.get(name, name)


def results_table(labeled: LabeledImages, few: int, results: Results) -> str:
    """A row for each network; with one class an image, each cell has the accuracy over all images
    and, after a stroke, the mean over classes.

    Args:
        labeled: with a split.
        few: the number of labels a class of 'fewlabel_knn'.
        results: by title of the row and by task.
    """
    titles = dict(
        knn='kNN', fewlabel_knn=f'kNN, {few} labels a class', linear='linear', finetune='fine-tuned'
    )
    tasks = [task for task in titles if any(task in row for row in results.values())]
    train, test = (len(labeled.part(name).paths) for name in ('train', 'test'))
    header = [f'{train:,} training, {test:,} test images']
    names = ['mAP'] if labeled.several else ['top1', 'top1_per_class']
    header += [titles[task] for task in tasks]
    rows = [
        [title, *(' / '.join(_numbers(row.get(task), names)) for task in tasks)]
        for title, row in results.items()
    ]
    return text_table(header, rows, gap=3)


def _numbers(metrics: dict[str, float] | None, names: list[str]) -> Iterator[str]:
    if metrics is None:
        yield '-'
        return
    for name in names:
        if f'{name}_mean' in metrics:
            yield with_spread(metrics[f'{name}_mean'], metrics[f'{name}_std'])
        else:
            yield f'{metrics[name]:.1f}'


def chance_line(labeled: LabeledImages, percent: float) -> str:
    """What the table shows, and how sure a percentage is with so many test images."""
    labels = labeled.part('test').labels
    if labeled.several:
        return (
            f'Mean average precision in percent, over {len(labeled.classes)} classes; an answer by '
            f'chance gives {100 * labels.mean():.1f}. +- is the deviation over 5 draws of labels.'
        )
    error = sqrt(percent * (100 - percent) / len(labels))
    most = 100 * np.bincount(labels).max() / len(labels)
    return (
        f'Percent over all images / mean per class; +- is the deviation over 5 draws of labels.\n'
        f'With {len(labels):,} test images the standard error of {percent:.0f} % is {error:.1f} '
        f'points. Always the largest class would give {most:.1f} %.'
    )


def write_answers(probed: Probed, test: Features, classes: list[str], folder: Path) -> list[Path]:
    """Write what a probe answered: `confusion.csv` (a row for each true class, a column for each
    answer) and `confusion.png`, or, where images have several classes, `classes.csv`.

    Raises:
        InputError: nothing can be written there.
    """
    assert probed.scores is not None
    if test.labels.ndim == 2:
        aps = average_precisions(probed.scores, test.labels)
        counts = (test.labels == 1).sum(0).tolist()
        rows = [[n, c, f'{100 * ap:.1f}'] for n, c, ap in zip(classes, counts, aps, strict=True)]
        path = folder / 'classes.csv'
        write_atomically(path, _csv([['class', 'test images', 'AP in percent'], *rows]))
        return [path]
    matrix = confusion(probed.scores.argmax(1), test.labels, len(classes))
    rows = [[name, *row] for name, row in zip(classes, matrix.tolist(), strict=True)]
    table, picture = folder / 'confusion.csv', folder / 'confusion.png'
    write_atomically(table, _csv([['true class', *classes], *rows]))
    write_atomically(picture, lambda path: draw_confusion(matrix, classes, path))
    return [table, picture]


def _csv(rows: list[list]) -> str:
    text = io.StringIO(newline='')
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()
