"""Features of the places of images, kept while those of whole images are made."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmbarlow.evaluation.features import Features
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.pooling import layout_of, place_module, tokens_in


class PlaceFeatures:
    """Keeps what a backbone gives for each place of an image, before it is pooled, in float16.

    Within `with` it stands in a forward hook of the network, so that no image goes through the
    network for it. Where the images need more than `most` bytes, some of them are kept, with the
    same number of each class as far as they go.

    Args:
        model: the network.
        labels: of all images in the order in which they come, (N,).
        most: bytes.
        seed: of the choice.
    """

    def __init__(self, model: Encoder, labels: Tensor, most: int, seed: int = 0) -> None:
        self.model, self.labels, self.most, self.seed = model, labels, most, seed
        self.seen = self.filled = 0
        self.index: Tensor | None = None  # of the kept images
        self.tokens = torch.empty(0)

    @property
    def found(self) -> Features | None:
        """Tokens (n, L, C) and labels (n,); None where the backbone gives vectors alone."""
        if self.index is None:
            return None
        return Features(self.tokens, self.labels[self.index])

    def __enter__(self) -> 'PlaceFeatures':
        self.handle = place_module(self.model.backbone).register_forward_hook(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def _keep(self, _module: nn.Module, _inputs: Any, outputs: Any) -> None:
        tokens = tokens_in(outputs, layout_of(self.model.backbone))
        if tokens is None:
            return
        if self.index is None:
            rows = self.most // (2 * tokens[0].numel())
            self.index = balanced(self.labels, rows, self.seed)
            self.tokens = torch.empty(len(self.index), *tokens.shape[1:], dtype=torch.float16)
        end = self.seen + len(tokens)
        own = self.index[(self.index >= self.seen) & (self.index < end)] - self.seen
        self.tokens[self.filled : self.filled + len(own)] = tokens[own.to(tokens.device)]
        self.seen, self.filled = end, self.filled + len(own)


def balanced(labels: Tensor, most: int, seed: int) -> Tensor:
    """Sorted indices of at most so many of the images (N,), equally many of each class as far as
    they go: round by round, each class gives one that is drawn by the seed."""
    if len(labels) <= most:
        return torch.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    drawn, turn = labels.numpy()[order], np.empty(len(labels), int)
    for c in np.unique(drawn):
        own = drawn == c
        turn[own] = np.arange(own.sum())
    return torch.from_numpy(np.sort(order[np.argsort(turn, kind='stable')[:most]]))
