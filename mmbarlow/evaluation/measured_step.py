"""A measurement of a step, from the device that takes the sums to the host that reads them."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mmbarlow.evaluation.batch_spectra import Sums, read_spectrum, sums_of
from mmbarlow.loss import distributed, loss_floor
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

LOSS = ('loss_invariance', 'loss_redundancy')


@dataclass
class MeasuredStep:
    """What is known of a step at once, and what is on its way from the device.

    Attributes:
        step: from 1.
        known: values by name.
        scalars: tensors of one number by name.
        sums: of 'embeddings' and of 'representations'.
    """

    step: int
    known: dict[str, float]
    scalars: dict[str, Tensor]
    sums: dict[str, Sums] = field(default_factory=dict)
    event: Any = None

    def send(self) -> None:
        """Start the copies to the host."""
        cuda = any(x.is_cuda for x in self.scalars.values())
        self.scalars = {name: on_host(x) for name, x in self.scalars.items()}
        for name, sums in self.sums.items():
            self.sums[name] = sums._replace(gram=on_host(sums.gram), facts=on_host(sums.facts))
        self.event = torch.cuda.current_stream().record_event() if cuda else None

    def receive(self) -> tuple[dict[str, float], dict[str, list[float]]]:
        """The finite values, and the singular values of 'embeddings' and 'representations'."""
        if self.event:
            self.event.synchronize()
        values, singular = dict(self.known), {}
        for name, sums in self.sums.items():
            spectrum = read_spectrum(sums)
            singular[name] = spectrum.singular
            if name == 'embeddings':
                values |= spectrum.values
            else:  # of which no loss makes C
                kept = ('dead', 'rankme', 'alpha', 'lidar')
                values |= {f'backbone_{key}': spectrum.values[key] for key in kept}
        values |= {name: float(x) for name, x in self.scalars.items()}
        return {name: v for name, v in values.items() if math.isfinite(v)}, singular


def loss_facts(head: Any, outputs: dict[str, Tensor], N: int) -> dict[str, Tensor]:
    """The loss over its floor, and the root mean square of C off the diagonal: what the terms of
    Barlow Twins' own loss say of all N images. Nothing of other losses, or without a floor."""
    if type(head) is not CrossCorrelationHead or not all(name in outputs for name in LOSS):
        return {}
    invariance, redundancy = (outputs[name].detach() for name in LOSS)
    D, lambd, found = head.in_channels, head.lambd, {}
    if N > 1 and (floor := loss_floor(N, D, lambd)) > 0:
        found['loss_over_floor'] = (invariance + redundancy) / floor
    if lambd > 0 and D > 1:
        found['off_diagonal'] = (redundancy / (lambd * D * (D - 1))).sqrt()
    return found


def sums_over_processes(views: list[Tensor], counts: tuple[int, ...], rows: int) -> Sums:
    """`sums_of` at most `rows` images of the global batch, the same on every process.

    Args:
        views: the first images of this process, (n, D) each: all of them, or at least `rows`.
        counts: how many images each process has.
        rows: where there are more, each process gives as many of its first ones.
    """
    share = rows if sum(counts) <= rows else max(1, rows // len(counts))
    taken = tuple(min(n, share) for n in counts)
    return sums_of([distributed.gather_rows(x[:share].contiguous(), taken) for x in views])


def on_host(x: Tensor) -> Tensor:
    """A copy that is complete when the device has come so far."""
    if not x.is_cuda:
        return x.cpu()
    copy = torch.empty(x.shape, dtype=x.dtype, pin_memory=True)
    return copy.copy_(x, non_blocking=True)
