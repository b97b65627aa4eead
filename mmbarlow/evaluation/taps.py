"""Embeddings and representations of a training step, caught on their way without another pass."""

from contextlib import suppress
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.pooling import UNKNOWN, layout_of, pooled


class Caught(NamedTuple):
    """Of one view or two, the first images of this process, (n, D) each, without gradients.

    embeddings, representations: one or two tensors; none where the model has no such thing.
    images: how many the process had of a view.
    """

    embeddings: list[Tensor]
    representations: list[Tensor]
    images: int


NOTHING = Caught([], [], 0)


class TwinTap:
    """Catches those of `BarlowTwins` and its kin.

    It stands around two methods rather than in forward hooks: torch.compile goes past the hooks
    of a module, and the second pass over chunks would call them again.
    """

    def __init__(self, model: BarlowTwins, most: int) -> None:
        self.model, self.most = model, most
        self.caught = NOTHING

    def open(self) -> None:
        """Catch those of the next step."""
        self.calls: list[Tensor] = []
        self.caught = NOTHING
        vars(self.model).update(pooled=self._pooled, embed_views=self._embed_views)

    def close(self) -> Caught:
        """What was caught since `open`."""
        for name in ('pooled', 'embed_views'):
            vars(self.model).pop(name, None)
        found, self.caught, self.calls = self.caught, NOTHING, []
        return found

    def _pooled(self, outputs: Any) -> Tensor:
        vectors = type(self.model).pooled(self.model, outputs)
        self.calls.append(vectors.detach())
        return vectors

    def _embed_views(self, views: list[Tensor]) -> tuple[Tensor, ...]:
        z = type(self.model).embed_views(self.model, views)
        # A chunk of each view, then the next chunk: mixed images come after the two views.
        represented = [torch.cat(self.calls[view :: len(z)]) for view in range(min(len(z), 2))]
        self.close()
        embedded = [x.detach()[: self.most] for x in z[:2]]
        self.caught = Caught(embedded, [x[: self.most] for x in represented], len(z[0]))
        return z


class ForwardTap:
    """Catches those of any other model in a forward hook of its neck, or else of its backbone.

    Two calls of a step whose results have one shape are those of two views.
    """

    def __init__(self, model: nn.Module, most: int) -> None:
        self.neck, self.backbone = getattr(model, 'neck', None), getattr(model, 'backbone', None)
        self.most = most

    def open(self) -> None:
        self.embedded: list[Tensor] = []
        self.represented: list[Tensor] = []
        module = self.neck if self.neck is not None else self.backbone
        assert isinstance(module, nn.Module)
        self.handle = module.register_forward_hook(self._look)

    def close(self) -> Caught:
        self.handle.remove()
        embedded, represented = two_views(self.embedded), two_views(self.represented)
        self.embedded, self.represented = [], []
        images = len((embedded or represented or [()])[0])
        found = [[x[: self.most] for x in views] for views in (embedded, represented)]
        return Caught(found[0], found[1], images)

    def _look(self, module: nn.Module, inputs: tuple, outputs: Any) -> None:
        features = outputs if self.neck is None else inputs[0]
        with suppress(InputError):  # nothing that has one vector of an image
            layout = layout_of(self.backbone) if self.backbone is not None else UNKNOWN
            self.represented.append(pooled(features, layout=layout).detach())
        z = outputs[0] if isinstance(outputs, tuple | list) and outputs else outputs
        if self.neck is not None and isinstance(z, Tensor) and z.ndim == 2:
            self.embedded.append(z.detach())


Tap = TwinTap | ForwardTap


def two_views(calls: list[Tensor]) -> list[Tensor]:
    """The first two of them if they have one shape, else the first."""
    return calls[:2] if len({x.shape for x in calls[:2]}) == 1 else calls[:1]


def tap_of(model: nn.Module, most: int) -> Tap | None:
    """What catches at most `most` images of a view; None where the model has nothing to catch.

    Of a model of several modalities it is the first one.
    """
    for part in model.modules():
        if isinstance(part, BarlowTwins):
            return TwinTap(part, most)
    parts = (getattr(model, name, None) for name in ('neck', 'backbone'))
    return ForwardTap(model, most) if any(isinstance(m, nn.Module) for m in parts) else None
