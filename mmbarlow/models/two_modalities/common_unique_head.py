"""The loss between the embeddings of two modalities, with DeCUR's unique dimensions."""

from mmengine.model import BaseModule
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.loss import BarlowTwinsLoss, cross_correlation, global_batch, terms
from mmbarlow.registry import MODELS


@MODELS.register_module()
class CommonUniqueHead(BaseModule):
    """Barlow Twins between modalities in the first K dimensions, and none of it in the others.

    With C the cross-correlation matrix of the embeddings of both modalities, over the batch of all
    processes, the loss is that of DeCUR (Wang et al., 'Decoupling Common and Unique Representations
    for Multimodal Self-supervised Learning', ECCV 2024, https://arxiv.org/abs/2309.05300):

        common  sum_{i < K} (1 - C_ii)^2 + lambda sum_{i != j; i, j < K} C_ij^2
        unique  sum_{i >= K} C_ii^2 + lambda sum_{i != j; i, j >= K} C_ij^2

    The blocks of C between common and unique dimensions are left free, as in the released code
    (zhu-xlab/DeCUR, `models/decur.py`, `bt_loss_cross`). There the sum of both is divided by two;
    in the paper and here it is not (`intra_weight` of `TwoModalityBarlowTwins` is the ratio). With
    K = D, all that is left is Barlow Twins.

    Args:
        in_channels: D, the number of embedding dimensions of either modality.
        common: K, from 1 to D; by default D. 7/8 of them in the script for SSL4EO-S12.
        lambd: weight of the entries off the diagonal; 0.0051 in the script.
        form: of the common part, 'auto', 'direct' or 'gram', see `BarlowTwinsLoss`. The unique part
            builds its block of C.

    Raises:
        InputError: no such number of common dimensions, or see `BarlowTwinsLoss`.
    """

    def __init__(
        self, in_channels: int, common: int | None = None, lambd: float = 0.0051, form: str = 'auto'
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.common = in_channels if common is None else common
        if not 1 <= self.common <= in_channels:
            raise InputError(
                f'common is {common} of {in_channels} dimensions: set model.head.common from 1 to '
                f'{in_channels}.'
            )
        self.alignment = BarlowTwinsLoss(lambd, form)

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The terms of the loss, scalars, fp32 (fp64 stays fp64), with the exact gradient.

        Args:
            z_a: embeddings of the first modality, (n, D), this process's part of the batch.
            z_b: embeddings of the second one, (n, D).

        Raises:
            InputError: see `CrossCorrelationHead.loss`.
        """
        batch, K = global_batch(z_a, z_b, dimensions=self.in_channels), self.common
        invariance, redundancy = self.alignment.terms(z_a[:, :K], z_b[:, :K], batch=batch)
        parts = dict(loss_common_invariance=invariance, loss_common_redundancy=redundancy)
        if self.in_channels > K:
            c_UU = cross_correlation(z_a[:, K:], z_b[:, K:], batch)
            parts['loss_unique_diagonal'] = c_UU.diagonal().square().sum()
            parts['loss_unique_redundancy'] = terms(c_UU, self.alignment.lambd)[1]
        return parts
