"""A network that weights describe must not ask for more memory than such weights can need."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mmbarlow.errors import InputError

EACH = 1000  # numbers that a tensor counts as at least: a million tiny layers take long, too
NEW = {getattr(torch.ops.aten, name) for name in ('empty', 'empty_strided', 'zeros', 'ones')}
NEW |= {getattr(torch.ops.aten, name) for name in ('full', 'rand', 'randn', 'new_empty')}


class _Allowance(TorchDispatchMode):
    """Raises InputError instead of making a tensor that is too much after those before."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.left = numbers

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket in NEW:
            shape = next((a for a in args if isinstance(a, list | tuple | torch.Size)), ())
            self.left -= max(EACH, math.prod(map(int, shape)))
        else:
            self.left -= _grown(args)
        if self.left < 0:
            raise InputError(
                "the checkpoint's description asks for a network of far more numbers than the file "
                'has: it is not built. Give the pretraining config.'
            )
        return func(*args, **kwargs or {})


def _grown(args: Any) -> int:
    """The numbers of a result that is larger than each of its arguments, such as all differences
    of positions; 0 of others."""
    shapes = [arg.shape for arg in args if isinstance(arg, Tensor)]
    largest = max(map(math.prod, shapes), default=0)
    try:
        numbers = math.prod(torch.broadcast_shapes(*shapes))
    except RuntimeError:  # of other operations
        return 0
    return numbers if numbers > largest else 0


def allowance(state: dict[str, Tensor]) -> TorchDispatchMode:
    """Tensors of some times as many numbers as `state` has can be made while it is on."""
    return _Allowance(8 * sum(tensor.numel() for tensor in state.values()) + 20_000_000)
