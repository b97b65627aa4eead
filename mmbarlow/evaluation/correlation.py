"""The cross-correlation of the embeddings of a batch, measured to be shown."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.evaluation.spectrum import correlation_cells, correlation_spectrum, effective_rank


class Correlation(NamedTuple):
    """What the embeddings of two views of `images` images of a run say."""

    images: int
    dimensions: int
    cells: Tensor  # C as a picture, (k, k)
    corner: Tensor  # C of the first dimensions, (at most 64, the same)
    diagonal: float  # mean of C's diagonal entries
    rest: float  # root mean square of the others
    spectrum: Tensor  # singular values of C
    variances: Tensor  # eigenvalues of the correlation matrix of the first view
    rank: float


def correlation_of(z_a: Tensor, z_b: Tensor) -> Correlation:
    """C, as the loss defines it, of the embeddings (N, D) of two views, of this process alone.

    Raises:
        InputError: there are fewer than two images.
    """
    N, D = z_a.shape
    if N < 2:
        raise InputError('A correlation needs two images or more.')
    # Biased variance and eps as in `mmbarlow.loss.standardize`, which talks to other processes.
    a, b = (F.batch_norm(z.float(), None, None, training=True, eps=1e-5) for z in (z_a, z_b))
    spectrum, variances = correlation_spectrum(a, b), correlation_spectrum(a, a)
    diagonal = (a * b).mean(0)
    energy = spectrum.square().sum() - diagonal.double().square().sum()
    return Correlation(
        images=N,
        dimensions=D,
        cells=correlation_cells(a, b),
        corner=correlation_cells(a[:, :64], b[:, :64]),
        diagonal=float(diagonal.mean()),
        rest=float((energy.clamp_min(0) / max(D * D - D, 1)).sqrt()),
        spectrum=spectrum,
        variances=variances,
        rank=effective_rank(variances),
    )


def spectra_of(c: Correlation) -> dict[str, list[tuple[float, float]]]:
    """Both spectra as they are drawn: what they are, to (direction, value), without what is only
    rounding."""
    named = {'cross-correlation, singular values': c.spectrum, 'one view, eigenvalues': c.variances}
    return {
        name: [(i + 1.0, v) for i, v in enumerate(values.tolist()) if v > 1e-6 * float(values[0])]
        for name, values in named.items()
    }
