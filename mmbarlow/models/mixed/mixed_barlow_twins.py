"""Mixed Barlow Twins: images between two images have embeddings between theirs."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from mmengine.logging import MessageHub
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.loss import GlobalBatch, distributed, standardize
from mmbarlow.loss.errors import refuse_numbers
from mmbarlow.loss.losses import at_least_fp32
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.mixed.permute_rows import permute_rows
from mmbarlow.models.mixed.regularizer import DirectEnergy, GramEnergy, regularizer
from mmbarlow.registry import MODELS


class Mixture(NamedTuple):
    """What a global batch is mixed with, the same on every process."""

    alpha: float  # share of the first view
    order: np.ndarray  # (N,): the image whose second view is mixed into that of each image
    batch: GlobalBatch


@MODELS.register_module()
class MixedBarlowTwins(BarlowTwins):
    """Barlow Twins with mixed samples (Bandara et al., 2023, https://arxiv.org/abs/2312.02151).

    x_M = alpha x_A + (1 - alpha) x_B[pi], with one alpha ~ U(0, 1) and one permutation pi of the
    global batch a step, goes through the network after the two views, and its correlations with
    them are to be what those of the mixed embeddings would be: see `mixed.regularizer`. With lambda
    the head's `lambd`, the whole loss is

        L = L_BT + scale s(t) lambda (|C^MA - gt^MA|^2 + |C^MB - gt^MB|^2)

    The targets gt have a gradient, as in the released code. alpha and pi come from the run's seed
    and the step, so that a resumed run repeats them. Statistics and gradient are exact for the
    global batch; in the released code each GPU standardizes, draws and permutes by itself.

    Args:
        scale: lambda_reg of the small data sets' code: 4 there, 2 for STL-10. The ImageNet code has
            a factor 1/2 besides, so that its lambda_reg of 1 and 2 are 0.5 and 1 here.
        warmup: epochs in which s(t) goes from 0 to 1, step by step; 10 in the ImageNet code, else
            it is 1 all the time. For runs that count epochs.
        target: 'paper', or 'released' for gt^MB of the ImageNet code.
        alpha: always this share of the first view, from 0 to 1, instead of a random one.
        **barlow_twins: arguments of `BarlowTwins`; the head's `grad` must be 'exact', and its
            `form` is that of the regularizer too, where 'auto' means 'gram' for N < D.

    Raises:
        InputError: alpha is outside [0, 1], there is no such target, scale or warmup is negative.
    """

    def __init__(
        self,
        scale: float = 4.0,
        warmup: int = 0,
        target: str = 'paper',
        alpha: float | None = None,
        **barlow_twins,
    ) -> None:
        if target not in ('paper', 'released'):
            raise InputError(f"target {target!r} does not exist: take 'paper' or 'released'.")
        if alpha is not None and not 0 <= alpha <= 1:
            raise InputError(
                f'alpha={alpha} is no share of the first view: take a number from 0 to 1, or None '
                'for a random one in each step.'
            )
        if scale < 0 or warmup < 0:
            raise InputError(f'scale={scale} and warmup={warmup} must not be negative.')
        super().__init__(**barlow_twins)
        if self.head.grad != 'exact':
            raise InputError("MixedBarlowTwins has exact gradients: set the head's grad='exact'.")
        self.scale = scale
        self.warmup = warmup
        self.target = target
        self.alpha = alpha

    def loss(self, views: list[Tensor]) -> dict[str, Tensor]:
        """Terms of the loss of the two views, each (n, 3, H, W); errors as for `BarlowTwins`."""
        self.check_views(views)
        if len(views) > 2:
            raise InputError(f'Mixed Barlow Twins mixes two views of each image, got {len(views)}.')
        mixture = self.draw(views)
        embeddings = self.embed_views([*views, mix(views, mixture)])
        terms = self.head.loss(*embeddings[:2])
        weight = self.scale * self.ramp() * self.head.lambd
        return dict(terms, loss_mixed=weight * self.regularizer(embeddings, mixture))

    def draw(self, views: list[Tensor]) -> Mixture:
        """alpha and pi of this step, once all processes have agreed that there is a batch."""
        a, b = views
        problem = None
        if a.shape != b.shape:
            problem = f'the views must have one shape, not {tuple(a.shape)} and {tuple(b.shape)}.'
        run = MessageHub.get_current_instance()
        where = [int(run.get_info(name, 0)) for name in ('seed', 'iter')]
        answers = distributed.agree([len(a), *a.shape[1:], *where], problem)
        counts = [n for n, *_ in answers]
        shapes = [shape for _, *shape, _, _ in answers]
        if any(shape != shapes[0] for shape in shapes):
            raise InputError(f'the processes have images of {shapes}: they must have one size.')
        # Those of the first process: with `diff_rank_seed` the seeds differ.
        random = np.random.default_rng(answers[0][-2:])
        alpha = random.random()
        order = random.permutation(sum(counts))
        batch = GlobalBatch(tuple(counts), distributed.rank())
        return Mixture(alpha if self.alpha is None else self.alpha, order, batch)

    def ramp(self) -> float:
        """s(t) of this step."""
        run = MessageHub.get_current_instance()
        steps = self.warmup * run.get_info('max_iters', 0) / run.get_info('max_epochs', 1)
        return min(1.0, run.get_info('iter', 0) / steps) if steps else 1.0

    def regularizer(self, embeddings: tuple[Tensor, ...], mixture: Mixture) -> Tensor:
        """That of embeddings (n, D) of both views and of the mixed images, fp32 or fp64."""
        (_, D), batch, device = embeddings[0].shape, mixture.batch, embeddings[0].device.type
        form = self.head.form if self.head.form != 'auto' else 'gram' if batch.N < D else 'direct'
        energy = (GramEnergy if form == 'gram' else DirectEnergy).apply
        # An island of fp32, as in the head: the correlations are compared with each other.
        with torch.autocast(device, enabled=False):
            z = at_least_fp32(torch.cat(embeddings, 1))  # three views are standardized at once
            a, b, m = standardize(z, batch).chunk(3, 1)
            value = regularizer(
                (a, b, m),
                mixture.alpha,
                self.target,
                permute=partial(permute_rows, order=mixture.order, batch=batch),
                energy=lambda x, y: energy(x, y, batch),
            )
        if device == 'cpu' and not torch.isfinite(value):  # all processes have this value
            refuse_numbers(
                'the embeddings of the mixed images hold NaN or Inf, or numbers too large to '
                'square: lower optim_wrapper.optimizer.lr, or train without --amp.'
            )
        return value


def mix(views: list[Tensor], mixture: Mixture) -> Tensor:
    """alpha x_A + (1 - alpha) x_B[pi], this process's part of it, (n, 3, H, W)."""
    a, b = views
    return torch.lerp(permute_rows(b, mixture.order, mixture.batch), a, mixture.alpha)
