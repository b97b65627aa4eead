"""The numbers of a card: each network's features once, then all probes on them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from mmbarlow.benchmarks.card.corrupting import corrupted_accuracy, robustness_metrics
from mmbarlow.benchmarks.card.data import CardData, card_labels
from mmbarlow.benchmarks.card.options import NEEDS_LOGISTIC, CardOptions, in_bf16
from mmbarlow.benchmarks.card.results import Card, now
from mmbarlow.benchmarks.labeled_task import DRAWS
from mmbarlow.benchmarks.network import Network
from mmbarlow.evaluation.attentive import attentive_scores
from mmbarlow.evaluation.calibration import calibration
from mmbarlow.evaluation.checks import check_classes
from mmbarlow.evaluation.features import Features, dataset_features
from mmbarlow.evaluation.label_probes import LARGE, metrics_of, probe_few_labels, probe_knn
from mmbarlow.evaluation.linear import Classifier
from mmbarlow.evaluation.place_features import PlaceFeatures, balanced
from mmbarlow.evaluation.tuned_linear import tuned_linear
from mmbarlow.models.encoder import Encoder

SHOTS = (1, 2, 4, 8, 16)
PLACES = {'train': 2**30, 'test': 2**28}  # bytes of the features of places that are kept


class CardMaker:
    """Measures networks on labeled images.

    Args:
        networks: by their titles.
        data: the images.
        options: with parts that can be measured.
        parts: those.
        records: folder of the records, which are written as the results come.
    """

    def __init__(
        self,
        networks: dict[str, Network],
        data: CardData,
        options: CardOptions,
        parts: Sequence[str],
        records: Path,
    ) -> None:
        self.networks, self.options, self.parts = networks, options, parts
        self.encoders = {title: each.build() for title, each in networks.items()}
        for encoder in self.encoders.values():
            encoder.hold_channels_last()  # on a CPU convolutions are nearly twice as fast with it
        self.train, self.test = data.build()
        self.train_labels, labels = card_labels(self.train), card_labels(self.test)
        count = len(self.train_labels)
        self.card = Card(networks, records, data, labels, count, options.corruptions)
        self.classifiers: dict[str, Classifier] = {}
        self.right: dict[str, Tensor] = {}  # of their answers on the test images, (M,)

    def measure(self, say: Callable[[str], None]) -> Card:
        """All parts on all networks; `say` gets a line about each.

        Raises:
            InputError: an image cannot be read, or the network has diverged.
        """
        for title in self.networks:
            self.card.metrics[title] = {}
            self._measure_one(title)
            say(f'{title}: {_in_short(self.card.metrics[title])}')
        if 'robustness' in self.parts:
            self._corrupt()
            for title, table in self.card.corrupted.items():
                say(f'{title}: {table.mean():.1f} % of corrupted images')
        return self.card

    def _measure_one(self, title: str) -> None:
        (train, test), places = self._features(title)
        start = now()
        if 'knn' in self.parts:
            self.card.keep(title, 'knn', probe_knn(train, test).metrics, start)
        if 'fewshot' in self.parts:
            self._few_shots(title, train, test)
        if {'logistic', *NEEDS_LOGISTIC} & {*self.parts}:
            self._answer(title, train, test)
        if 'attentive' in self.parts:
            self._attend(title, places, check_classes(train, test))

    def _features(self, title: str) -> tuple[list[Features], list[Features | None]]:
        """Those of both splits, of the images and of their places."""
        start, encoder = now(), self.encoders[title]
        found, places = [], []
        with self._precision(encoder):
            image = self.train.dataset[0]['inputs'][None]
            width = encoder(_prepared(encoder, dict(inputs=image))).shape[1]
            large = len(self.train_labels) * width > LARGE
            for part, loader in (('train', self.train), ('test', self.test)):
                labels = self.train_labels if part == 'train' else self.card.labels
                keeping = PlaceFeatures(encoder, labels, PLACES[part], self.card.data.seed)
                with keeping if 'attentive' in self.parts else nullcontext():
                    found.append(
                        dataset_features(encoder, loader, 'float16' if large else 'float32')
                    )
                places.append(keeping.found)
        self.card.spend('features', start)
        return found, places

    def _few_shots(self, title: str, train: Features, test: Features) -> None:
        least = int(train.labels.bincount().min())
        for shots in SHOTS:
            start = now()
            if shots > least:
                self.card.left_out[f'fewshot-{shots}'] = (
                    f'the smallest class has {least} training image{"s" * (least != 1)}.'
                )
                continue
            metrics = probe_few_labels(train, test, shots, DRAWS).metrics
            self.card.keep(title, f'fewshot-{shots}', metrics, start)

    def _answer(self, title: str, train: Features, test: Features) -> None:
        """Logistic regression, and how sure it is."""
        start, card = now(), self.card
        found = tuned_linear(train, test, card.data.seed)
        self.classifiers[title], card.costs[title] = found
        logits = found.classifier(test.features)
        self.right[title] = logits.argmax(1) == test.labels
        card.keep(title, 'logistic', metrics_of(logits, test.labels), start)
        if 'calibration' in self.parts:
            start = now()
            metrics, card.reliability[title] = calibration(logits, test.labels)
            card.keep(title, 'calibration', metrics, start)

    def _attend(self, title: str, places: list[Features | None], classes: int) -> None:
        train, test = places
        start = now()
        if train is None or test is None:
            self.card.left_out['attentive'] = 'the backbone gives vectors, and nothing of places.'
            return
        counts = len(train.labels), len(test.labels)
        reduced = None
        if counts != (self.card.train_images, len(self.card.labels)):
            reduced = f'{counts[0]:,} training and {counts[1]:,} test images, drawn evenly.'
            self.card.notes['attentive'] = reduced
        scores = attentive_scores(train, test, classes, self.card.data.seed)
        self.card.keep(title, 'attentive', metrics_of(scores, test.labels), start, reduced)

    def _corrupt(self) -> None:
        start, card = now(), self.card
        most = self.options.corrupted_images or len(card.labels)
        index = balanced(card.labels, most, card.data.seed)
        reduced = None
        if len(index) < len(card.labels):
            reduced = f'{len(index):,} of {len(card.labels):,} test images, drawn evenly.'
            card.notes['robustness'] = reduced
        names = self.options.corruptions
        answering = {title: self._answering(title) for title in self.networks}
        card.corrupted = corrupted_accuracy(answering, card.data, card.labels, index, names)
        wall = self.card.spend('robustness', start) / len(self.networks)
        for title, table in card.corrupted.items():
            clean = 100 * self.right[title][index].double().mean().item()
            metrics = robustness_metrics(table, names, clean)
            self.card.record(title, 'robustness', metrics, wall, reduced)

    def _answering(self, title: str) -> Callable[[dict], Tensor]:
        encoder, classifier = self.encoders[title], self.classifiers[title]

        @torch.no_grad()
        def answers_of(batch: dict) -> Tensor:
            with self._precision(encoder):
                features = encoder(_prepared(encoder, batch)).float().cpu()
            return classifier(features).argmax(1)

        return answers_of

    @contextmanager
    def _precision(self, encoder: Encoder) -> Iterator[None]:
        device = next((p.device for p in encoder.parameters()), torch.device('cpu'))
        bf16 = in_bf16(self.options.precision, device)
        if bf16:
            self.card.notes['features'] = 'computed in bfloat16.'
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16), torch.no_grad():
            yield


def _prepared(encoder: Encoder, batch: dict) -> Tensor:
    batch.setdefault('data_samples', None)
    return encoder.data_preprocessor(batch, False)['inputs']


def _in_short(metrics: dict[str, dict[str, float]]) -> str:
    names = {row: next(iter(values)) for row, values in metrics.items()}
    return ', '.join(f'{row} {metrics[row][name]:.1f}' for row, name in names.items())
