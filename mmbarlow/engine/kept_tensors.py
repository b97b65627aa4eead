"""The numbers that a forward pass moves, as they were before it."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

PIECE = 2**22  # numbers that are selected at once: a larger piece would take more memory


class KeptTensors:
    """A copy on the device of all buffers of a model, and of all parameters of some modules.

    Args:
        model: with BN statistics, queues and counters in its buffers.
        averaged: modules in it whose parameters no optimizer moves, but averages do.
    """

    def __init__(self, model: nn.Module, averaged: Iterable[nn.Module]) -> None:
        # Places, since a module may put another tensor where its buffer was.
        places = [(f'{n}.{k}', m._buffers, k) for n, m in model.named_modules() for k in m._buffers]
        inside = {m for module in averaged for m in module.modules()}
        places += [
            (f'{n}.{k}', m._parameters, k)
            for n, m in model.named_modules()
            if m in inside
            for k in m._parameters
        ]
        places = [(name.lstrip('.'), where, key) for name, where, key in places]
        self.places = [place for place in places if place[1][place[2]] is not None]
        self.saved: list[Tensor] = []

    def tensors(self) -> list[Tensor]:
        return [cast(Tensor, where[key]).detach() for _, where, key in self.places]

    def floating(self) -> list[tuple[str, Tensor]]:
        """Name and tensor of those that can hold NaN."""
        named = zip((place[0] for place in self.places), self.tensors(), strict=True)
        return [
            (name, tensor)
            for name, tensor in named
            if tensor.is_floating_point() and tensor.numel()
        ]

    def save(self) -> None:
        """Take the values of now for `restore`."""
        self.saved = copies(self.tensors())

    def restore(self, mask: Tensor | None = None) -> None:
        """Put the saved values back; with a mask, where it is 1, without a look at it."""
        put_back(self.saved, self.tensors(), mask)


def copies(tensors: list[Tensor]) -> list[Tensor]:
    """The numbers of all tensors, for `put_back`."""
    return [flat(piece) for piece in cut(tensors)]


def put_back(saved: list[Tensor], tensors: list[Tensor], mask: Tensor | None = None) -> None:
    """Give tensors the numbers that `copies` of them has; with a mask, where it is 1."""
    for values, piece in zip(saved, cut(tensors), strict=True):
        if mask is not None:
            values = torch.where(mask > 0, values, flat(piece))
        parts = values.split([t.numel() for t in piece])
        shaped = [part.view(t.shape) for part, t in zip(parts, piece, strict=True)]
        torch._foreach_copy_(piece, shaped)


def cut(tensors: list[Tensor]) -> list[list[Tensor]]:
    """The tensors, in pieces of one type and device and of up to `PIECE` numbers; one that has more
    is a piece of its own."""
    pieces: list[list[Tensor]] = []
    sizes: dict[tuple, int] = {}
    where: dict[tuple, list[Tensor]] = {}
    for tensor in tensors:
        kind = tensor.dtype, tensor.device
        sizes[kind] = sizes.get(kind, PIECE) + tensor.numel()
        if sizes[kind] > PIECE:
            sizes[kind], where[kind] = tensor.numel(), []
            pieces.append(where[kind])
        where[kind].append(tensor)
    return pieces


def flat(piece: list[Tensor]) -> Tensor:
    """Copies of all numbers of the tensors, one after the other."""
    return torch.cat([t.reshape(-1) for t in piece])
