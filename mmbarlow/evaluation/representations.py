"""What the backbone makes of a training batch, taken from the step as it goes by."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.pooling import layout_of, pooled


class Representations:
    """The representations of the first view of each training step, without their gradients.

    Nothing is computed for them, and nothing of the network changes. The first view is that of the
    first n rows that the backbone sees, whether a recipe runs its views one after the other, all in
    one tensor, or in chunks, once without gradients and once with them (`model.chunk_size`). Of two
    modalities it is the first one's.

    Args:
        model: the network, without wrappers.

    Raises:
        InputError: it has no `backbone`.
    """

    def __init__(self, model: Any) -> None:
        modalities = getattr(model, 'modalities', None)
        self.model = next(iter(modalities.values())) if modalities else model
        if not isinstance(getattr(self.model, 'backbone', None), nn.Module):
            raise InputError(
                f'{type(model).__name__} has no backbone whose representations a probe could take: '
                'leave mmbarlow.OnlineLinearHook out.'
            )
        self.calls: list[Tensor] | None = None  # None: nothing is taken
        self.remove: Callable[[], object] = lambda: None

    def attach(self) -> None:
        """To be called before the first step."""
        model = self.model
        if isinstance(model, Encoder):
            model.watchers.append(self._take)  # torch.compile goes past the hooks of a backbone
            self.remove = lambda: model.watchers.remove(self._take)
        else:
            layout = layout_of(model.backbone)
            hook = model.backbone.register_forward_hook(
                lambda _module, _inputs, outputs: self._take(pooled(outputs, 'auto', layout))
            )
            self.remove = hook.remove

    def start(self) -> None:
        """To be called before a step."""
        self.calls = []

    def of_step(self, n: int) -> Tensor:
        """Those of the first view of the step that was made, (n, C), float32.

        Raises:
            InputError: the backbone has not seen n images.
        """
        calls, self.calls = self.calls or [], None
        if calls and len(calls[0]) < n and (total := sum(map(len, calls))) >= 2 * n:
            views = total // (2 * n)  # both passes over the chunks, in each a chunk of every view
            calls = calls[: len(calls) // 2 : views]
        x = torch.cat(calls)[:n] if calls else torch.empty(0)
        if len(x) < n:
            raise InputError(
                f'the backbone has seen {len(x)} images of a batch of {n}, which leaves labels '
                'without features: leave mmbarlow.OnlineLinearHook out.'
            )
        return x.float()

    def _take(self, x: Tensor) -> None:
        if self.calls is not None:
            self.calls.append(x.detach())
