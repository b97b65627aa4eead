"""The page of a run, made part by part: what is missing is said, and the rest is shown."""

import os
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mmengine.config import Config

import mmbarlow.registered  # noqa: F401
from mmbarlow.apis import get_model
from mmbarlow.checkpoints import sha256
from mmbarlow.commands.page import document
from mmbarlow.commands.page.feature_map import (
    FeatureMap,
    map_features,
    sample_of_labeled,
    sample_of_training,
)
from mmbarlow.commands.page.image_sections import (
    correlation_section,
    map_section,
    neighbors_section,
    views_row,
)
from mmbarlow.commands.page.network import Correlation, measure_correlation
from mmbarlow.commands.page.run_folder import RunFolder, read_run
from mmbarlow.commands.page.sections import (
    curves_section,
    results_section,
    summary_tiles,
    time_section,
)
from mmbarlow.commands.page.training_data import (
    build_training_data,
    facts_of_images,
    trained_network,
)
from mmbarlow.commands.page.usage import uses
from mmbarlow.config import nodes
from mmbarlow.config_files import explained
from mmbarlow.errors import InputError, one_line
from mmbarlow.evaluation.verdict import Verdict, judge
from mmbarlow.files import write_atomically

MOST = 2000  # images on the map
T = TypeVar('T')


def check_report(folder: Path, out: Path, images: int) -> None:
    """Before any work is done.

    Raises:
        InputError: `images` is out of range, or nothing can be written to `out`.
    """
    if not 2 <= images <= MOST:
        raise InputError(f'--images is {images}: take from 2 to {MOST}.')
    if not folder.is_dir():
        raise InputError(f'there is no folder {folder}: give the output folder of a pretraining.')
    if out.is_dir():
        raise InputError(f'{out} is a folder: give --out the name of a file, such as report.html.')
    near = next(p for p in (out.absolute().parent, *out.absolute().parents) if p.exists())
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise InputError(f'{out} cannot be written: {near} is no folder to write in. Give --out.')


def write_report_page(
    folder: Path, out: Path, labeled: str | None, images: int, method: str
) -> tuple[Verdict, int]:
    """Write the page of the run in `folder` to `out`.

    Args:
        labeled: where labeled images for the map are; None: images of the training.
        images: the largest number of images to encode.
        method: of the map, 'tsne' or 'pca'.

    Returns:
        the verdict, and the size of the page in bytes.

    Raises:
        InputError: it is no folder of a run, there are no labeled images, or `out` cannot be
            written.
    """
    labels = sample_of_labeled(labeled, images) if labeled else None
    run = read_run(folder)
    parts = _Parts(run, images)
    c = parts.correlation()
    found = parts.map(labels, method)
    most = min(c.images - 1, c.dimensions) if c else None
    verdict = judge(run.curve, run.floor, c.rank if c else None, most, run.share)
    data, use = parts.data_section(), parts.use_section()  # which may add to the troubles
    html = [
        f'<h1>{document.text(run.name)}</h1>',
        f'<p class="soft">{document.text(run.method)}, in <code>{document.text(folder)}</code></p>',
        document.banner(verdict, _news(run)),
        document.troubles_card(run.troubles),
        summary_tiles(run, len(parts.dataset) if parts.dataset is not None else None, c),
        data,
        curves_section(run),
        correlation_section(c) if c else '',
        map_section(found, method) if found else '',
        neighbors_section(found) if found else '',
        results_section(run, sha256(run.backbone) if run.backbone else None),
        time_section(run),
        use,
    ]
    today = datetime.now(timezone.utc).date().isoformat()
    page = document.document(f'{run.name}: report', html, today)
    write_atomically(out, page)
    return verdict, len(page.encode())


class _Parts:
    """What needs the data set or the network; a failure becomes a line among the troubles."""

    def __init__(self, run: RunFolder, images: int) -> None:
        self.run, self.images = run, images
        self.dataset: Any = None
        self.network: Any = None
        if cfg := run.config:
            self.dataset = self.tried('the training data', lambda: build_training_data(cfg))
            self.network = self.tried('the network', lambda: trained_network(cfg, run.checkpoint))
        if not run.checkpoint:
            run.troubles.append(
                'There is no checkpoint with the projector, so embeddings are not measured.'
            )

    def tried(self, what: str, make: Callable[[], T]) -> T | None:
        try:
            with explained(what):
                return make()
        except InputError as error:
            self.run.troubles.append(one_line(error))
        return None

    @property
    def config(self) -> Config:
        assert self.run.config is not None  # there is no data set or network otherwise
        return self.run.config

    @property
    def size(self) -> int:
        """Of the views in pixels."""
        sizes = [n['size'] for n in nodes(self.run.config or {}) if isinstance(n.get('size'), int)]
        return next(iter(sizes), 224)

    def correlation(self) -> Correlation | None:
        if self.dataset is None or self.network is None or not self.run.checkpoint:
            return None
        return self.tried(
            'the cross-correlation',
            lambda: measure_correlation(self.config, self.network, self.dataset, self.images),
        )

    def map(self, labels: Any, method: str) -> FeatureMap | None:
        weights = self.run.backbone or self.run.checkpoint
        if weights is None or (labels is None and self.dataset is None):
            return None

        def make() -> FeatureMap:
            sample = labels or sample_of_training(self.dataset, self.images)
            config = None if self.run.backbone else self.run.config
            return map_features(get_model(weights, config), sample, self.size, method)

        return self.tried('the map', make)

    def data_section(self) -> str:
        rows: list[tuple[str, object]] = []
        views = ''
        if self.dataset is not None:
            data = self.config.train_dataloader.dataset
            root = data.get('data_root')
            rows += [('images', f'{len(self.dataset):,}')]
            rows += [('from', root or data.type)]
            rows += self.tried('the images', lambda: facts_of_images(self.dataset)) or []
        elif facts := self.run.meta.get('facts', {}):
            rows += [('images', f'{facts.get("number of images", 0):,}')]
        if broken := self.run.broken_images():
            names = [f'{path} ({reason})' for path, reason in list(broken.items())[:5]]
            more = f' and {len(broken) - 5:,} more' * (len(broken) > 5)
            said = f'{len(broken):,}, each replaced by another image: {", ".join(names)}{more}'
            rows.append(('broken', said))
        if self.dataset is not None and self.network is not None:
            make = partial(views_row, self.config, self.network, self.dataset)
            views = self.tried('the views', make) or ''
        table = document.facts_table(rows)
        return document.section(
            'What it was trained on', f'<div class="wide">{table}</div>' * bool(table), views
        )

    def use_section(self) -> str:
        backbone = self.run.backbone
        if backbone is None:
            return ''
        found = self.tried('the lines for other code', lambda: uses(backbone, self.size)) or []
        return document.section('Use the backbone', *map(document.use_card, found))


def _news(run: RunFolder) -> str:
    """What to say of a run that is not over; '' of one that is."""
    if run.backbone:
        return ''
    if not run.curve:
        return 'This run has not logged anything yet, and there is no backbone.'
    done, of = run.curve[-1][run.unit], f' of {run.planned:,}' if run.planned else ''
    return (
        f'This run is not finished: {run.unit} {done:,.0f}{of}, and there is no backbone yet. The '
        'page shows what there is so far.'
    )
