"""Exact large batches on few devices: embed in chunks, one loss, then each chunk once more.

The loss needs the embeddings of the whole batch but only the gradient needs activations, and that
splits: d loss / d parameters is a sum over chunks of (d loss / d z) (d z / d parameters). So all
chunks run without gradients first; once the loss has given d loss / d z, each chunk runs again,
with gradients and alone in memory (GradCache, Gao et al., 2021, https://arxiv.org/abs/2101.06983).
The price is one more forward pass, about a third of a step.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

from mmbarlow.errors import InputError
from mmbarlow.loss import distributed


def embed_in_chunks(
    model: nn.Module, embed: Callable[[Tensor], Tensor], views: list[Tensor], chunk_size: int
) -> tuple[Tensor, ...]:
    """Embeddings of the views, each (n, D), whose backward runs the chunks again.

    The parameters are inputs of one autograd node, which gives each its whole gradient at once:
    to DDP, optimizer wrappers and loss scalers this is a model like any other, and gradients
    travel between processes once a step.

    Args:
        model: its parameters get the gradients, its buffers are kept from moving twice.
        embed: images (n, 3, H, W) to embeddings (n, D), with the parameters of `model` alone.
        views: the views of this process's images.
        chunk_size: most images to run at once, per process.

    Raises:
        InputError: a process has so few samples that some of its chunks would have under two.
    """
    counts = [n for (n,) in distributed.agree([len(views[0])])]
    # As many chunks on every process, and equal ones: SyncBN talks in each of them.
    number = -(-max(counts) // chunk_size)
    if number > 1 and min(counts) < 2 * number:
        raise InputError(
            f'the processes have {counts} samples, too uneven for {number} chunks of at least 2: '
            'set drop_last=True in train_dataloader, or a larger model.chunk_size.'
        )
    params = [p for p in model.parameters() if p.requires_grad]
    return _Chunked.apply(_TwoPasses(model, embed, views, number), *params)


class _TwoPasses:
    """Both passes over the chunks, the second one a replay of the first."""

    def __init__(
        self,
        model: nn.Module,
        embed: Callable[[Tensor], Tensor],
        views: list[Tensor],
        number: int,
    ) -> None:
        self.model = model
        self.embed = embed
        self.views = views
        self.number = number
        self.buffers = list(model.buffers())
        self.buffers_before = [b.clone() for b in self.buffers]
        self.cuda = [views[0].device] if views[0].is_cuda else []
        self.rng_before = torch.get_rng_state(), [torch.cuda.get_rng_state(d) for d in self.cuda]
        device = views[0].device.type
        self.autocast = functools.partial(
            torch.autocast,
            device,
            dtype=torch.get_autocast_dtype(device),
            enabled=torch.is_autocast_enabled(device),
        )

    def chunks(self, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """One chunk of every tensor, then the next."""
        return zip(*(t.tensor_split(self.number) for t in tensors), strict=True)

    def first(self) -> tuple[Tensor, ...]:
        """Embeddings without gradients; BN running statistics move here, and only here."""
        z = [tuple(map(self.embed, chunk)) for chunk in self.chunks(*self.views)]
        # Autocast remembers weights cast without gradients, which the second pass must not meet.
        torch.clear_autocast_cache()
        return tuple(map(torch.cat, zip(*z, strict=True)))

    def second(self, params: tuple[Tensor, ...], grads: tuple[Tensor, ...]) -> list[Tensor | None]:
        """Gradients of `params` from those of the embeddings, one view of a chunk at a time."""
        with self._as_before(), self._stand_ins() as stand_in:
            for chunk in zip(self.chunks(*self.views), self.chunks(*grads), strict=True):
                for view, grad in zip(*chunk, strict=True):
                    with torch.enable_grad(), self.autocast():
                        z = self.embed(view)
                    torch.autograd.backward(z, grad)
        return [stand_in[p].grad for p in params]

    @contextmanager
    def _stand_ins(self) -> Iterator[dict[Tensor, nn.Parameter]]:
        """The parameters' memory under other names, so that gradients add up in place where no
        hook of DDP sees them: gradients of their own would cost the size of the network again."""
        stand_in: dict[Tensor, nn.Parameter] = {}
        places = [
            (module._parameters, name, p)
            for module in self.model.modules()
            for name, p in module._parameters.items()
            if p is not None and p.requires_grad
        ]
        try:
            for where, name, p in places:
                where[name] = stand_in.setdefault(p, nn.Parameter(p.detach()))
            yield stand_in
        finally:
            for where, name, p in places:
                where[name] = p

    @contextmanager
    def _as_before(self) -> Iterator[None]:
        """Random numbers and buffers as the first pass found them; afterwards as it left them."""
        buffers_after = [b.clone() for b in self.buffers]
        with torch.random.fork_rng(devices=self.cuda):
            torch.set_rng_state(self.rng_before[0])
            for device, state in zip(self.cuda, self.rng_before[1], strict=True):
                torch.cuda.set_rng_state(state, device)
            self._set_buffers(self.buffers_before)
            try:
                yield
            finally:
                self._set_buffers(buffers_after)

    def _set_buffers(self, values: list[Tensor]) -> None:
        for buffer, value in zip(self.buffers, values, strict=True):
            buffer.copy_(value)


class _Chunked(Function):
    """`_TwoPasses` as a node of the graph: parameters in, embeddings out."""

    @staticmethod
    def forward(ctx, passes: _TwoPasses, *params: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(*params)
        ctx.passes = passes
        return passes.first()

    @staticmethod
    @once_differentiable
    def backward(ctx, *grads: Tensor):
        return None, *ctx.passes.second(ctx.saved_tensors, grads)
