"""Figures of the network at every validation, for the trackers of the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from matplotlib.figure import Figure
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch import nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.errors import InputError
from mmbarlow.evaluation.class_names import class_names
from mmbarlow.evaluation.correlation import correlation_of
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.figures import (
    correlation_figure,
    drawn_pixels,
    map_figure,
    spectrum_figure,
    views_figure,
)
from mmbarlow.models.pooling import pooled
from mmbarlow.registry import HOOKS

TIMES = 10  # in a training without validations


@HOOKS.register_module()
class FiguresHook(Hook):
    """Draws, and sends to all backends of the visualizer, the views of the current batch, the
    cross-correlation matrix of their embeddings, its spectrum, and a map of representations.

    The network is in eval mode for that, without gradients: its weights, BN statistics and the
    random numbers stay as they are. The first process draws, of its own images. The map is of the
    labeled test images where a validation has features of some, else of the current batch. A
    network without embeddings, such as one of another method, has views and map alone.

    Args:
        interval: epochs, or iterations in a training that counts them; by default that of the
            validations, or a tenth of the training where there are none.
        images: the largest number of images to embed and to place.
        map: 'tsne' or 'pca'.

    Raises:
        InputError: an argument is none of these.
    """

    priority = 'LOWEST'

    def __init__(self, interval: int | None = None, images: int = 512, map: str = 'tsne') -> None:
        if map not in ('tsne', 'pca') or images < 2 or (interval is not None and interval < 1):
            raise InputError(
                f'FiguresHook has map={map!r}, images={images}, interval={interval}: the map is '
                "'tsne' or 'pca', images 2 or more, and the interval 1 or more."
            )
        self.interval, self.images, self.method = interval, images, map
        self.on_test_images = False
        self.batch: Any = None  # that is to be drawn

    def before_train(self, runner) -> None:
        self.by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        length = runner.max_epochs if self.by_epoch else runner.max_iters
        own = runner.val_interval if runner.val_loop is not None else -(-length // TIMES)
        self.every = self.interval or max(1, own)
        self.on_test_images = hasattr(runner.val_loop, 'bank_dataloader')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        done, last = runner.iter + 1, runner.max_iters
        due = done % self.every == 0
        if self.by_epoch:
            due = self.end_of_epoch(runner.train_dataloader, batch_idx)
            due = due and (runner.epoch + 1) % self.every == 0
        if (due or done == last) and is_main_process():
            self.batch = data_batch
            if not self.by_epoch:
                self._draw(runner, done)

    def after_train_epoch(self, runner) -> None:
        # the times of steps do not count what is done here
        if self.batch is not None:
            self._draw(runner, runner.iter)

    def on_features(self, runner, train: Features, test: Features) -> dict[str, float]:
        """A map of the test images of a validation; there are no metrics of it."""
        if is_main_process() and test.labels.ndim == 1:
            step = max(1, len(test.labels) // self.images)
            names = class_names(runner.val_loop.dataloader.dataset).classes
            features, labels = (x[::step][: self.images].float() for x in test)
            figure = map_figure(features, labels.long(), names, 'labeled test images', self.method)
            self._send(runner, 'map', figure, runner.iter)
        return {}

    def _draw(self, runner, step: int) -> None:
        batch, self.batch = self.batch, None
        for name, figure in self._of_batch(unwrap(runner.model), batch):
            self._send(runner, name, figure, step)

    def _of_batch(self, model: Any, batch: dict) -> Iterator[tuple[str, Figure]]:
        inputs, samples = batch['inputs'], batch.get('data_samples')
        several = isinstance(inputs, list | tuple)
        first = [x[: self.images] for x in inputs] if several else inputs[: self.images]
        with undisturbed(model):
            part = dict(inputs=first, data_samples=samples and samples[: self.images])
            packed = 'parts' in batch  # of images in one row, which all views are made of
            views = model.data_preprocessor(batch if packed else part, True)['inputs']
            views = list(views) if isinstance(views, list | tuple) else [views]
            views = [view[: self.images] for view in views]
            yield 'views', views_figure(model, views)
            if hasattr(model, 'embed') and len(views) >= 2:
                c = correlation_of(*(model.embed(view).float().cpu() for view in views[:2]))
                yield 'correlation', correlation_figure(c)
                yield 'spectrum', spectrum_figure(c)
            if not self.on_test_images and hasattr(model, 'backbone'):
                x = pooled(model(views[0], mode='tensor')).float().cpu()
                yield 'map', map_figure(x, None, [], 'images of the batch', self.method)

    def _send(self, runner, name: str, figure: Figure, step: int) -> None:
        runner.visualizer.add_image(name, drawn_pixels(figure), step=step)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; each module's mode and torch's random numbers come back."""
    modes = [(module, module.training) for module in model.modules()]
    devices = {p.device for p in model.parameters() if p.is_cuda}
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        for module, training in modes:
            module.training = training
