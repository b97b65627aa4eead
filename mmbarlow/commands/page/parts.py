"""What of the page needs the data set or the network of a run."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from mmengine.config import Config

from mmbarlow.apis import get_model
from mmbarlow.commands.page import document
from mmbarlow.commands.page.feature_map import FeatureMap, map_features, sample_of_training
from mmbarlow.commands.page.image_sections import views_row
from mmbarlow.commands.page.network import measure_correlation
from mmbarlow.commands.page.run_folder import RunFolder
from mmbarlow.commands.page.training_data import (
    build_training_data,
    facts_of_images,
    trained_network,
)
from mmbarlow.commands.page.usage import uses
from mmbarlow.config import nodes
from mmbarlow.config_files import explained
from mmbarlow.errors import InputError, one_line
from mmbarlow.evaluation.correlation import Correlation

T = TypeVar('T')


class Parts:
    """Parts of the page; where one cannot be made, the troubles of the run get a line."""

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
