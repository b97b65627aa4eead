"""Which form of the loss is cheaper, and how its work is cut into blocks."""

from collections.abc import Iterator

from torch import Tensor

from .global_batch import GlobalBatch

BLOCK = 2**20  # numbers in a temporary tensor that stays in a CPU's cache
GPU_BLOCK = 2**24  # 64 MB: a GPU needs few and large operations, each of them costs a launch
OVERHEAD = 2.5e7  # measured on one CPU core: 0.4 ms
GPU_OVERHEAD = 5e10  # on an H100 in fp32: 1 ms
FEW = 8  # samples with which fp32 will not do, see `working_dtype`


def cheaper_form(
    N: int, D: int, world_size: int, device: str = 'cpu', views: int = 2, pairs: int = 1
) -> str:
    """'gram' or 'direct', whichever takes fewer operations; the same on every process.

    Three products of 2 n D D against four of 2 n N D. One process builds only the upper half of
    the two symmetric ones, in block triangles, which leaves about 6.4 n N D, and has the small
    operations of Gram on top, which take as long as `OVERHEAD` operations of a product. Where that
    is less than direct's, Gram sends and keeps fewer numbers too, and its one subtraction,
    sum C_ij^2 - sum C_ii^2, is harmless (docs/loss.md). Gram's work is that of the views, direct's
    that of the pairs; of several views, direct has as many small operations on a CPU.
    """
    gram, direct = views / 2 * N, pairs * D
    if world_size == 1:
        of_cpu = OVERHEAD if views == 2 else 0
        overhead = of_cpu if device == 'cpu' else views / 2 * GPU_OVERHEAD
        return 'gram' if 6.4 * gram * N * D + overhead < 6 * N * D * direct else 'direct'
    return 'gram' if 8 * gram < 6 * direct else 'direct'


def fits_the_cache(z_nD: Tensor, batch: GlobalBatch) -> bool:
    """Whether all of the global batch is here, fp32 will do, and keeping its standardized values
    takes no more than the peers do (2048 x 1024)."""
    return len(z_nD) == batch.N > FEW and z_nD.numel() <= 2 * BLOCK


def blocks(x: Tensor, length: int, width: int, least: int = 256) -> Iterator[slice]:
    """Slices of a range of `length`, each step of which holds `width` numbers on the device of `x`.

    On a CPU temporary tensors of a block stay in the cache; `least` keeps products efficient.
    """
    target = BLOCK if x.device.type == 'cpu' else GPU_BLOCK
    step = max(least, target // max(width, 1))
    return (slice(i, min(i + step, length)) for i in range(0, length, step))
