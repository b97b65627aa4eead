"""A fixed sample of the training images, in fixed views: what checkpoints are compared on."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.seeded_pipeline import seed_pipelines
from mmbarlow.engine.generators import generator_states, set_generators
from mmbarlow.errors import InputError
from mmbarlow.launch import together
from mmbarlow.loss.distributed import gather_objects, rank, world_size
from mmbarlow.models.pooling import pooled

EPOCH = 2**31  # of the keys of the views; no training counts that far
FEWEST = 8  # images; the spectrum of fewer says nothing


class Embedded(NamedTuple):
    """N images in V views, float32 on the CPU.

    representations: what the backbone makes of them, (N, V, C).
    embeddings: what the projector makes of these, (N, V, D); None if the model has none.
    """

    representations: Tensor
    embeddings: Tensor | None


class ImageBank:
    """Images drawn from a training set once, in views that are the same at every look.

    The views are those of the training, with keys that the training itself never has. They are made
    anew at each look, so that no memory is held between. Nothing that the training draws from
    moves.

    Args:
        loader: of the training; its data set, batch size and number of workers are taken.
        seed: of the run; it determines the images and their views.
        images: how many; fewer where the data set has fewer.
        views: of each image, at least 2. Those of a recipe with two kinds of views alternate.

    Raises:
        InputError: the data set has fewer than 8 images.
    """

    def __init__(self, loader: DataLoader, seed: int, images: int, views: int) -> None:
        size = len(loader.dataset)  # pyright: ignore[reportArgumentType]
        if min(size, images) < FEWEST:
            raise InputError(
                f'a bank of {min(size, images)} training images says nothing of a checkpoint: '
                f'take at least {FEWEST}.'
            )
        seed_pipelines(loader.dataset)
        order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:images]
        self.own = order.sort().values.tolist()[rank() :: world_size()]  # files in their order
        self.loader, self.seed, self.views = loader, seed, views

    def embed(self, model: BaseModel) -> Embedded:
        """The bank as `model` sees it now, in eval mode, the same in each of several processes.

        Afterwards each module is in train or eval mode as it was before.

        Raises:
            InputError: an image has only one view, or the model has no representations.
        """
        states = generator_states()
        modes = {module: module.training for module in model.modules()}
        model.eval()
        try:
            own = together(lambda: self._own(model))
        finally:
            for module, mode in modes.items():
                module.training = mode
            set_generators(states)
        parts = [x for x in gather_objects(own) if len(x.representations)]
        return _joined(parts, 0)

    @torch.no_grad()
    def _own(self, model: BaseModel) -> Embedded:
        """The views of this process's images, drawn until there are enough of each."""
        draws: list[Embedded] = []
        while sum(d.representations.shape[1] for d in draws) < self.views:
            parts = [_both(model, views) for views in self._read(model, len(draws))]
            if not parts:  # fewer images than processes
                return Embedded(torch.empty(0, self.views, 0), None)
            draws.append(_joined(parts, 0))
        h, z = _joined(draws, 1)
        return Embedded(h[:, : self.views], z if z is None else z[:, : self.views])

    def _read(self, model: BaseModel, number: int) -> Iterator[list[Tensor]]:
        """Batches of views, each (n, C, H, W), on the device of the model."""
        keyed = [SampleIndex(i, Key(self.seed, EPOCH + number, i)) for i in self.own]
        size = self.loader.batch_size or 128
        batches = [keyed[start : start + size] for start in range(0, len(keyed), size)]
        loader = DataLoader(
            self.loader.dataset,
            batch_sampler=batches,
            num_workers=min(self.loader.num_workers, math.ceil(len(batches) / 2)),
            collate_fn=self.loader.collate_fn,
            generator=torch.Generator(),  # the process's own is the training's
        )
        for batch in loader:
            inputs = model.data_preprocessor(batch, True)['inputs']
            if not (isinstance(inputs, list) and all(isinstance(x, Tensor) for x in inputs)):
                raise InputError(
                    'a bank of images takes recipes whose batches are lists of views, and the '
                    f'data preprocessor of this one gives a {type(inputs).__name__}.'
                )
            yield [view for view in inputs if view.shape == inputs[0].shape]


def _both(model: Any, views: list[Tensor]) -> Embedded:
    """Of views, each (n, 3, H, W)."""
    if not hasattr(model, 'extract_feat'):
        raise InputError(f'{type(model).__name__} has no extract_feat, so no representations.')
    h, z = [], []
    for view in views:
        features = model.extract_feat(view)
        h.append(pooled(features).float().cpu())
        if isinstance(neck := getattr(model, 'neck', None), nn.Module):
            made = neck(features)
            made = made[-1] if isinstance(made, list | tuple) else made
            if isinstance(made, Tensor) and made.ndim == 2:
                z.append(made.float().cpu())
    return Embedded(torch.stack(h, 1), torch.stack(z, 1) if z else None)


def _joined(parts: list[Embedded], axis: int) -> Embedded:
    h, z = zip(*parts, strict=True)
    return Embedded(torch.cat(h, axis), None if z[0] is None else torch.cat(z, axis))
