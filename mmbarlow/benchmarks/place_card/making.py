"""A card of masks or boxes from a network and a task."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from mmbarlow.benchmarks.card.making import compared_networks
from mmbarlow.benchmarks.card.options import CardOptions
from mmbarlow.benchmarks.labeled_task import check_folder, write_record
from mmbarlow.benchmarks.network import Network
from mmbarlow.benchmarks.place_card.figure import draw_place_card
from mmbarlow.benchmarks.place_card.grids import WholeImages, grids, side_for
from mmbarlow.benchmarks.place_card.page import place_card_page
from mmbarlow.benchmarks.place_card.results import SHOWN, PlaceCard, PlaceTask
from mmbarlow.files import write_atomically

KEPT = 2**30  # bytes of the features of training images


@dataclass(frozen=True)
class Reading:
    """How images are read. side: of the squares, in pixels; None: by the images."""

    side: int | None = None
    batch_size: int = 16
    workers: int = 1


def make_place_card(
    network: Network,
    task: PlaceTask,
    options: CardOptions,
    out: Path,
    records: Path,
    reading: Reading,
    say: Callable[[str], None],
) -> Path:
    """Measure a network, the untrained one of its seed and maybe a supervised one; write the page.

    `out` gets card.md and card.png.

    Args:
        network: the network.
        task: a `MaskTask` or a `BoxTask`.
        options: its `supervised` and `precision` count.
        out: folder.
        records: folder of the records, one for each network.
        reading: of the images.
        say: gets a line about each network and the page.

    Returns:
        the page.

    Raises:
        InputError: the images or a checkpoint cannot be used, the network says nothing of places,
            or nothing can be written.
    """
    titled = compared_networks(network, options.supervised)
    check_folder(records, network, task)
    card = PlaceCard(task, side_for(network, task.paths[0], reading.side))
    there = (number for number in range(len(task.paths[1])) if not task.is_empty(number))
    card.shown = list(islice(there, SHOWN))
    for title, each in titled.items():
        start = time.perf_counter()
        _measure(title, each, card, options.precision, reading)
        found, card.seconds[title] = card.metrics[title], time.perf_counter() - start
        write_record(records, each, task, task.part, found, card.seconds[title])
        numbers = ', '.join(f'{name} {found[name]:.1f}' for name in task.rows)
        say(f'{title}: {numbers}')
    write_atomically(out / 'card.png', lambda path: draw_place_card(card, path))
    page = out / 'card.md'
    write_atomically(page, place_card_page(card, network))
    say(f'page: {page}, with card.png; records: {records}')
    return page


def _measure(
    title: str, network: Network, card: PlaceCard, precision: str, reading: Reading
) -> None:
    task, encoder = card.task, network.build()
    train, test = task.paths

    def of(paths: Sequence[Path]) -> Any:
        images = WholeImages(paths, card.side, network.images)
        return grids(encoder, images, precision, reading.batch_size, reading.workers)

    first = next(of(train[:1]))
    rng = torch.Generator().manual_seed(task.seed)
    order = torch.randperm(len(train), generator=rng)
    numbers = sorted(order[: KEPT // (2 * first.numel())].tolist())
    card.grid, card.used = first.shape[0], len(numbers)
    features = torch.empty(len(numbers), *first.shape, dtype=torch.float16)
    for row, grid in enumerate(of([train[i] for i in numbers])):
        features[row] = grid
    fitted = task.fit(features, numbers)
    scores, answers = [], card.answers.setdefault(title, [])
    for number, grid in enumerate(of(test)):
        answer = task.answer(fitted, grid, number)
        scores.append(task.score(answer, number))
        if number in card.shown:
            answers.append(answer)
    card.metrics[title], card.by_class[title] = task.metrics(scores), task.by_class(scores)
