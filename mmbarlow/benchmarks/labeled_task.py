"""The labeled images of a user as a benchmark: how they are read, and what is measured on them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from mmengine.runner import Runner

from mmbarlow.benchmarks.network import Network
from mmbarlow.datasets.image_checks import check_image
from mmbarlow.datasets.labeled_files import labeled_task_images
from mmbarlow.datasets.labeled_images import TEST_SHARE, LabeledImages
from mmbarlow.datasets.square import usual_side
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import BrokenImage
from mmbarlow.evaluation.features import Features, dataset_features
from mmbarlow.evaluation.label_probes import (
    LARGE,
    Probed,
    labels_for_few,
    probe_few_labels,
    probe_knn,
    probe_linear,
)
from mmbarlow.zoo import provenance, records
from mmbarlow.zoo.names import permitted
from mmbarlow.zoo.records import Record

PIXELS_SIDE = 32  # of raw pixels: 3,072 numbers an image, at 224 px it would be 150,528
DRAWS = 5  # of the few labels
LOOKED_AT = 64  # images, for the size


class OfRecords(Protocol):
    """What records say of labeled images."""

    @property
    def name(self) -> str: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True)
class LabeledTask:
    """Labeled images with a split, and how they are shown to a network."""

    source: str  # what `read_labeled` reads
    name: str  # of the data set, in records
    size: int  # height and width that the network sees, in pixels
    share: float = TEST_SHARE  # of test images, where the source has no split
    seed: int = 0  # of drawing them
    per_class: int | None = None  # train images, drawn by the seed, too; None: all
    workers: int = 2
    batch_size: int = 64

    def read(self) -> LabeledImages:
        return labeled_task_images(self.source, self.share, self.seed, self.per_class)

    def dataset(self, part: str, pipeline: Sequence[dict]) -> dict:
        """Config of the images of 'train' or 'test'."""
        return dict(
            type='mmbarlow.LabeledFiles',
            source=self.source,
            part=part,
            share=self.share,
            split_seed=self.seed,
            per_class=self.per_class,
            pipeline=[*pipeline, dict(type='mmpretrain.PackInputs')],
        )

    def view(self, size: int, images: dict) -> dict:
        """Config of what is seen in a test: the middle of the image, of 7/8 from 224 px on.

        Args:
            size: height and width, in pixels.
            images: `Network.images`.
        """
        return dict(
            type='mmbarlow.CenterView',
            size=size,
            resize=round(size * 8 / 7) if size > 200 else size,
            **images,
        )

    def features(self, network: Network) -> tuple[Features, Features]:
        """Those of the train and of the test images, in float16 where they are `LARGE`."""
        pixels = network.about['model'] == 'pixels'
        size = min(self.size, PIXELS_SIDE) if pixels else self.size
        encoder = network.build()
        device = next((p.device for p in encoder.parameters()), 'cpu')
        view = self.view(size, network.images)
        values = values_of(**network.images)
        channels = 3 if values is None else values.channels
        width = encoder(torch.zeros(1, channels, size, size, device=device)).shape[1]
        loaders = [
            Runner.build_dataloader(self.loader(part, [view]), seed=0) for part in ('train', 'test')
        ]
        large = len(loaders[0].dataset) * width > LARGE  # pyright: ignore[reportArgumentType]
        dtype = 'float16' if large else 'float32'
        train, test = (dataset_features(encoder, loader, dtype) for loader in loaders)
        return train, test

    def loader(self, part: str, pipeline: Sequence[dict], shuffle: bool = False) -> dict:
        return dict(
            batch_size=self.batch_size,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            collate_fn=dict(type='default_collate'),
            dataset=self.dataset(part, pipeline),
        )


def task_name(source: str, name: str | None = None) -> str:
    """Of labeled images in records, by default that of the folder or file."""
    return permitted(name or Path(source).expanduser().absolute().stem).lower()


def task_size(labeled: LabeledImages) -> int:
    """The side to show images at: the `usual_side` of some of them.

    Raises:
        BrokenImage: none of those that are looked at can be read.
    """
    return usual_side(median_side(labeled.paths))


def median_side(paths: Sequence[str]) -> float:
    """The shorter side of some of the images, the median, in pixels.

    Raises:
        BrokenImage: none of those that are looked at can be read.
    """
    picked = np.unique(np.linspace(0, len(paths) - 1, LOOKED_AT).astype(int))
    found = [check_image(dict(img_path=paths[i])) for i in picked]
    sides = [min(image.shape) for image in found if not image.reason]
    if not sides:
        raise BrokenImage(found[0].path, found[0].reason)
    return float(np.median(sides))


@dataclass
class Measured:
    """What frozen features of a network gave on a task, by task as records name it."""

    probed: dict[str, Probed]
    seconds: dict[str, float]  # with those of the features
    test: Features

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        return {of: probed.metrics for of, probed in self.probed.items()}


def measure_frozen(
    network: Network, task: LabeledTask, tasks: Sequence[str] = ('knn', 'fewlabel_knn', 'linear')
) -> Measured:
    """The results of probes on the frozen network.

    Raises:
        InputError: the weights do not fit the network, or an image cannot be read.
    """
    start = time.perf_counter()
    train, test = task.features(network)
    shared = time.perf_counter() - start
    probes = dict(
        knn=lambda: probe_knn(train, test),
        fewlabel_knn=lambda: probe_few_labels(train, test, labels_for_few(train.labels), DRAWS),
        linear=lambda: probe_linear(train, test),
    )
    found = Measured({}, {}, test)
    for of in tasks:
        start = time.perf_counter()
        found.probed[of] = probes[of]()
        found.seconds[of] = shared + time.perf_counter() - start
    return found


def write_record(
    folder: Path, network: Network, task: OfRecords, of: str, metrics: dict, seconds: float
) -> Path:
    """Write the record of one result, in the place of an earlier one of the same names.

    Args:
        folder: of records.
        network: the network that was measured.
        task: on what.
        of: the task as records name it, such as 'linear', or with what it was done with after a
            dash, as in 'fewshot-4'.
        metrics: percentages by name.
        seconds: that it took.

    Raises:
        InputError: it cannot be written there.
    """
    record = _record(network, task, of, metrics, seconds)
    return records.write(record, folder, force=True)


def check_folder(folder: Path, network: Network, task: OfRecords) -> None:
    """Raises InputError, before the work is done, if records cannot be written to `folder`."""
    records.check_writable(_record(network, task, 'fewlabel_knn', dict(top1=0.0), 0.0), folder)


def _record(network: Network, task: OfRecords, of: str, metrics: dict, seconds: float) -> Record:
    return Record(
        config=f'{of.replace("_", "-")}_{task.name}',
        task=of.split('-')[0],
        dataset=task.name,
        metrics=metrics,
        wall_time_s=round(seconds, 1),
        command=provenance.command(),
        benchmark_seed=task.seed,
        **network.about,
        **provenance.provenance(),
    )
