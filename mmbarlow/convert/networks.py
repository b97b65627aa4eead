"""A network of another library that computes what one of ours does, or the reason why not."""

import copy
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.image_size import channels_of

Renames = tuple[tuple[str, str | Callable[[re.Match], str]], ...]
SAME = 1e-9  # of the largest feature: in float64, what the order of sums changes is far less


@dataclass(frozen=True)
class ForeignNetwork:
    """How to make a network of another library, and what it calls the tensors of ours."""

    maker: str  # a function, such as 'timm.create_model'
    positional: tuple = ()  # its arguments; tuples and texts, numbers, or what prints as its code
    arguments: dict[str, Any] = field(default_factory=dict)
    replaced: dict[str, nn.Module] = field(default_factory=dict)  # set once it is made
    renames: Renames = ()  # patterns in our names; a name that becomes empty is left out
    in_order: bool = False  # its tensors are ours, one after the other, under other names
    changed: Callable[[str, Tensor], Tensor] = lambda name, tensor: tensor  # by our name

    @property
    def library(self) -> str:
        return self.maker.split('.')[0]

    def build(self) -> nn.Module:
        module, _, function = self.maker.rpartition('.')
        made = getattr(importlib.import_module(module), function)
        network = made(*self.positional, **self.arguments)
        for name, child in self.replaced.items():
            network.set_submodule(name, copy.deepcopy(child))
        return network.eval()

    def code(self, **more: str) -> list[str]:
        """Lines of Python that make it as `net`; `more` are arguments, as code."""
        given = [*map(_code, self.positional)]
        given += [f'{name}={_code(value)}' for name, value in self.arguments.items()]
        given += [f'{name}={value}' for name, value in more.items()]
        children = {re.sub(r'\.(\d+)', r'[\1]', k): _code(v) for k, v in self.replaced.items()}
        lines = [f'net.{name} = {child}' for name, child in children.items()]
        return [f'net = {self.maker}({", ".join(given)})', *lines]


def with_channels_of(backbone: nn.Module, network: ForeignNetwork) -> ForeignNetwork:
    """With another first convolution where ours takes other channels: torchvision has no argument
    for them."""
    channels, found = channels_of(backbone), network.build().named_modules()
    name, old = next((n, m) for n, m in found if isinstance(m, nn.Conv2d))
    if channels is None or channels == old.in_channels:
        return network
    shape: Any = old.out_channels, old.kernel_size, old.stride, old.padding
    new = nn.Conv2d(channels, *shape, bias=old.bias is not None)
    return replace(network, replaced={name: new, **network.replaced})


def translated(
    encoder: Encoder, network: ForeignNetwork, size: tuple[int, int]
) -> tuple[dict, float]:
    """The tensors of our backbone for another network, once both have computed the same features.

    Args:
        encoder: ours, on the CPU.
        network: the other one.
        size: height and width of the random images that both get, in float64.

    Returns:
        The tensors by the other network's names, and the largest difference of the features as a
        part of the largest feature.

    Raises:
        InputError: the other network has other tensors, or computes something else.
    """
    ours, theirs = copy.deepcopy(encoder).double().eval(), network.build()
    state = _renamed(ours.backbone.state_dict(), network, theirs.state_dict())
    theirs.double().load_state_dict(state)
    images = torch.randn(2, channels_of(ours.backbone) or 3, *size, dtype=torch.float64)
    with torch.no_grad():
        wanted = ours(images)
        try:
            found = theirs(images)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0].rstrip('.')
            raise InputError(
                f'the network of {network.library} does not take images of {size[0]} x {size[1]} '
                f'({reason}): give --size.'
            ) from error
    difference = float((found - wanted).abs().max() / wanted.abs().max())
    if not difference < SAME:
        raise InputError(
            f'the features of the network of {network.library} with these weights differ by '
            f'{difference:.1g} of the largest: it computes something else.'
        )
    kinds = {name: tensor.dtype for name, tensor in network.build().state_dict().items()}
    return {name: tensor.to(kinds[name]).contiguous() for name, tensor in state.items()}, difference


def _renamed(own: dict[str, Tensor], network: ForeignNetwork, theirs: dict) -> dict[str, Tensor]:
    state = {}
    order = dict(zip(own, theirs, strict=False)) if network.in_order else {}
    for name, tensor in own.items():
        new = order.get(name, name)
        for pattern, replacement in network.renames:
            new = re.sub(pattern, replacement, new)
        if new:
            state[new] = network.changed(name, tensor)
    lacking = [name for name in theirs if name not in state]
    other = [name for name in state if name not in theirs] + lacking
    other += [n for n in state if n in theirs and state[n].numel() != theirs[n].numel()]
    if other:
        raise InputError(
            f'{network.library} has no network with these tensors: {len(other)} of '
            f'{len(theirs)} differ, such as {other[0]}.'
        )
    # Scales (C,) and (C, 1, 1), and layers (O, I) and convolutions (O, I, 1, 1), are the same.
    return {name: tensor.reshape(theirs[name].shape) for name, tensor in state.items()}


def _code(value: Any) -> str:
    if isinstance(value, nn.Module):
        return f'torch.nn.{value!r}'
    if isinstance(value, list):
        return f'[{", ".join(map(_code, value))}]'
    if type(value).__module__.startswith('torchvision.'):
        return f'{type(value).__module__}.{value!r}'
    return repr(value)
