"""LARS in two passes over the memory of a GPU, as Triton kernels over all tensors at once.

The first pass reads weights and gradients and adds up their squares; the second reads weights,
gradients and momentum and writes weights and momentum. So each number is moved 7 times, where
torch's operations on lists of tensors move it 12 times (docs/speed.md). Sums have one order: two
runs are bitwise alike. All is float32.

    blocks (B, 2), int64: tensor and first number of each block of SPAN numbers
    tensors (T, 7), int64: addresses of weight, gradient and momentum, how many numbers, whether the
    rate is adapted, first block and number of blocks
"""

# pyright: reportInvalidTypeForm=false
from typing import Any

import numpy as np
import torch
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError:  # torch for CPUs comes without it
    triton: Any = None
    tl: Any = None
constexpr: Any = tl.constexpr if triton else int

WIDTH, ROUNDS = 2048, 8  # numbers at once, and how often: SPAN for each program
SPAN = WIDTH * ROUNDS


def jit(function: Any) -> Any:
    return triton.jit(function) if triton else function


@jit
def squares(tensors, blocks, sums, decay, WIDTH: constexpr, ROUNDS: constexpr):
    """|w|^2 and |g + decay w|^2 of each block, (B, 2)."""
    block = tl.program_id(0)
    own = tensors + 7 * tl.load(blocks + 2 * block)
    weight = tl.load(own).to(tl.pointer_type(tl.float32))
    grad = tl.load(own + 1).to(tl.pointer_type(tl.float32))
    count, first = tl.load(own + 3), tl.load(blocks + 2 * block + 1)
    of_w = tl.zeros((WIDTH,), tl.float32)
    of_g = tl.zeros((WIDTH,), tl.float32)
    for i in range(ROUNDS):
        at = first + i * WIDTH + tl.arange(0, WIDTH)
        w = tl.load(weight + at, mask=at < count, other=0.0)
        g = tl.load(grad + at, mask=at < count, other=0.0) + decay * w
        of_w += w * w
        of_g += g * g
    tl.store(sums + 2 * block, tl.sum(of_w, 0))
    tl.store(sums + 2 * block + 1, tl.sum(of_g, 0))


@jit
def ratios(tensors, sums, q, eta, WIDTH: constexpr):
    """eta |w| / |g + decay w| of each tensor, or 1 where a norm is 0 or the rate not adapted."""
    tensor = tl.program_id(0)
    own = tensors + 7 * tensor
    first, count = tl.load(own + 5), tl.load(own + 6)
    of_w = tl.zeros((WIDTH,), tl.float32)
    of_g = tl.zeros((WIDTH,), tl.float32)
    for start in range(0, count, WIDTH):
        at = start + tl.arange(0, WIDTH)
        of_w += tl.load(sums + 2 * (first + at), mask=at < count, other=0.0)
        of_g += tl.load(sums + 2 * (first + at) + 1, mask=at < count, other=0.0)
    w, g = tl.sqrt(tl.sum(of_w, 0)), tl.sqrt(tl.sum(of_g, 0))
    adapted = (tl.load(own + 4) > 0) & (w > 0) & (g > 0)
    tl.store(q + tensor, tl.where(adapted, eta * w / tl.where(g > 0, g, 1.0), 1.0))


@jit
def update(
    tensors,
    blocks,
    q,
    found_inf,
    rate,
    momentum,
    decay,
    WIDTH: constexpr,
    ROUNDS: constexpr,
    MASKED: constexpr,
):
    """m = momentum m + q (g + decay w), w = w - lr m, unless `found_inf` holds 1; `rate` has lr."""
    block = tl.program_id(0)
    tensor = tl.load(blocks + 2 * block)
    own = tensors + 7 * tensor
    weight = tl.load(own).to(tl.pointer_type(tl.float32))
    grad = tl.load(own + 1).to(tl.pointer_type(tl.float32))
    buffer = tl.load(own + 2).to(tl.pointer_type(tl.float32))
    count, first = tl.load(own + 3), tl.load(blocks + 2 * block + 1)
    wd = tl.where(tl.load(own + 4) > 0, decay, 0.0)
    ratio, lr = tl.load(q + tensor), tl.load(rate)
    if MASKED:
        count = tl.where(tl.load(found_inf) == 1.0, 0, count)
    for i in range(ROUNDS):
        at = first + i * WIDTH + tl.arange(0, WIDTH)
        w = tl.load(weight + at, mask=at < count, other=0.0)
        g = tl.load(grad + at, mask=at < count, other=0.0) + wd * w
        m = momentum * tl.load(buffer + at, mask=at < count, other=0.0) + ratio * g
        tl.store(buffer + at, m, mask=at < count)
        tl.store(weight + at, w - lr * m, mask=at < count)


class FusedLARS:
    """A step of LARS on float32 tensors of one device, dense and all three laid out alike."""

    def __init__(self) -> None:
        self.addresses: list | None = None

    def step(
        self,
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        group: dict,
        found_inf: Tensor | None,
    ) -> None:
        """Change `params` and `buffers` in place; `grads` stay as they are."""
        self._prepare(params, grads, buffers)
        device, count = params[0].device, len(self.blocks)
        sums = torch.empty(count, 2, device=device)
        q = torch.empty(len(params), device=device)
        decay, masked = float(group['weight_decay']), found_inf is not None
        lr = group['lr']  # filled in on the device, since a copy of it would wait
        lr = lr.float() if isinstance(lr, Tensor) else torch.full((), lr, device=device)
        with torch.cuda.device(device) if device.type == 'cuda' else torch.no_grad():
            squares[(count,)](self.tensors, self.blocks, sums, decay, WIDTH, ROUNDS)
            ratios[(len(params),)](self.tensors, sums, q, float(group['eta']), WIDTH)
            mask, momentum = found_inf if masked else q, float(group['momentum'])
            tables = self.tensors, self.blocks
            update[(count,)](*tables, q, mask, lr, momentum, decay, WIDTH, ROUNDS, masked)

    def _prepare(self, *tensors: list[Tensor]) -> None:
        """The two tables, which are sent again only where an address has changed."""
        addresses = [[x.data_ptr() for x in of_one] for of_one in zip(*tensors, strict=True)]
        if addresses == self.addresses:
            return
        params = tensors[0]
        counts = np.array([-(-p.numel() // SPAN) for p in params])
        firsts = np.cumsum(counts) - counts
        about = [[p.numel(), int(p.ndim > 1)] for p in params]
        tables = (
            np.column_stack((addresses, about, firsts, counts)),
            np.column_stack(
                (
                    np.repeat(np.arange(len(params)), counts),
                    (np.arange(counts.sum()) - np.repeat(firsts, counts)) * SPAN,
                )
            ),
        )
        self.host = [torch.from_numpy(table.astype(np.int64)) for table in tables]
        if params[0].is_cuda:
            self.host = [table.pin_memory() for table in self.host]  # kept until it is copied
        sent = [table.to(params[0].device, non_blocking=True) for table in self.host]
        self.tensors, self.blocks = sent
        self.addresses = addresses
