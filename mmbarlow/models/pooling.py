"""One vector of an image from whatever a backbone returns."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

POOLS = ('auto', 'map', 'cls', 'tokens', 'none')
TRANSFORMERS = {'VisionTransformer', 'BEiTViT'}  # of mmpretrain
TOKENS_LAST = {'MlpMixer', 'EfficientFormer'}  # of mmpretrain, which give (n, C, L)


class Layout(NamedTuple):
    """What is known of a network's outputs; None where their shape must tell.

    channels_last: whether maps are (n, H, W, C), as those of timm's Swin.
    tokens_last: whether tokens are (n, C, L).
    prefix: tokens before those of the patches: of classes and registers.
    class_token: whether the first one is a class token.
    """

    channels_last: bool | None = None
    tokens_last: bool | None = None
    prefix: int | None = None
    class_token: bool | None = None


UNKNOWN = Layout()
# By the number of axes: outputs in words, and the pools that take them.
KINDS = {3: ('maps', ('map',)), 2: ('tokens', ('cls', 'tokens')), 1: ('vectors', ('none',))}


def layout_of(backbone: nn.Module) -> Layout:
    """What a network of timm or of mmpretrain says of itself; of others nothing is known."""
    if (net := getattr(backbone, 'timm_model', None)) is not None:
        form = getattr(net, 'output_fmt', 'NCHW')
        first = any(name.startswith('cls_token') for name in net._parameters)
        prefix = int(getattr(net, 'num_prefix_tokens', first))
        return Layout(str(getattr(form, 'value', form)) == 'NHWC', False, prefix, first)
    kinds = type(backbone).__mro__
    if not any(kind.__module__.startswith('mmpretrain.') for kind in kinds):
        return UNKNOWN
    names = {kind.__name__ for kind in kinds}
    first = getattr(backbone, 'cls_token', None) is not None
    prefix = int(getattr(backbone, 'num_extra_tokens', first))
    channels_last = 'ViTSAM' in names and not getattr(backbone, 'out_channels', 0)
    return Layout(channels_last, bool(names & TOKENS_LAST), prefix, prefix > 0)


def pooled(outputs: Any, pool: str = 'auto', layout: Layout = UNKNOWN) -> Tensor:
    """Representations (n, C) from what a backbone returns.

    Args:
        outputs: a tensor, or a tuple, list or dict of them (to any depth), of which the last
            counts.
        pool: 'map' averages maps (n, C, H, W) over space, 'cls' takes the class token of tokens
            (n, L, C), 'tokens' averages those of the patches, and 'none' is for vectors (n, C).
            'auto' does what the outputs are made for: of tokens it takes the class token, or the
            average where there is none.
        layout: of the outputs, from `layout_of`. What it does not tell, shapes do: a map with
            H = W < C is (n, H, W, C). Of tokens (n, L, C) the first is a class token, unless L is a
            square number: then they are the patches of a square image alone, and are averaged, as
            those of (n, C, L) are, which `_looks_tokens_last` tells.

    Raises:
        InputError: it is nothing of this kind, or is not what `pool` takes.
    """
    last = last_output(outputs)
    return pooling_of(last, pool, layout)(last)


def pooling_of(
    last: Any, pool: str = 'auto', layout: Layout = UNKNOWN
) -> Callable[[Tensor], Tensor]:
    """What `pooled` does with such a last output, which is `last_output` of a backbone's."""
    kind, shape = kind_of(last, pool, layout), tuple(last.shape[1:])
    if kind == 'none':
        return lambda vectors: vectors
    if kind == 'cls':
        return lambda tokens: tokens[:, 0]
    if kind == 'map':
        return _mean_over((1, 2) if _channels_last(shape, layout) else (2, 3))
    tokens_last, prefix, _ = _tokens_of(shape, layout)
    return _mean_over(2) if tokens_last else lambda tokens: tokens[:, prefix:].mean(1)


def kind_of(last: Any, pool: str = 'auto', layout: Layout = UNKNOWN) -> str:
    """Which of `POOLS` 'auto' means for such a last output; another `pool` is compared with it."""
    shape = tuple(last.shape[1:]) if isinstance(last, Tensor) else ()
    if not 1 <= len(shape) <= 3:
        found = tuple(last.shape) if isinstance(last, Tensor) else type(last).__name__
        raise InputError(
            f'the backbone gives {found}: it must give maps (n, C, H, W), tokens (n, L, C) or '
            'vectors (n, C); set model.backbone.out_type if it has one.'
        )
    kind, takes = KINDS[len(shape)]
    if pool not in ('auto', *takes):
        raise InputError(
            f'pool={pool!r} does not take the {kind} {tuple(last.shape)} that the backbone gives: '
            "set model.pool='auto', or model.backbone.out_type if it has one."
        )
    if kind != 'tokens':
        return takes[0]
    class_token = _tokens_of(shape, layout)[2]
    if pool == 'cls' and not class_token:
        raise InputError(
            "pool='cls' takes a class token, and the backbone has none: set model.pool='tokens'."
        )
    return pool if pool != 'auto' else 'cls' if class_token else 'tokens'


def _tokens_of(shape: tuple[int, ...], layout: Layout) -> tuple[bool, int, bool]:
    """Whether they are (n, C, L), how many are before the patches, whether one is of the class."""
    if layout.prefix is not None:
        return bool(layout.tokens_last), layout.prefix, bool(layout.class_token)
    if _looks_tokens_last(*shape):
        return True, 0, False
    class_token = not _is_square(shape[0])
    return False, int(class_token), class_token


def place_module(backbone: nn.Module) -> nn.Module:
    """The part of a backbone whose output `tokens_in` takes: of a vision transformer of mmpretrain
    that gives its class token or an average alone its last norm or layer, else all of it."""
    alone = getattr(backbone, 'out_type', None) in ('cls_token', 'avg_featmap')
    if not alone or not TRANSFORMERS & {kind.__name__ for kind in type(backbone).__mro__}:
        return backbone
    return getattr(backbone, 'ln1', None) or backbone.layers[-1]  # pyright: ignore


def tokens_in(outputs: Any, layout: Layout = UNKNOWN) -> Tensor | None:
    """Vectors (n, L, C) of the places of an image, from what a backbone returns: the L = H W cells
    of a map, or the tokens of the patches; None where it gives vectors (n, C).

    Args:
        outputs: those of its `place_module`.
        layout: of the backbone.
    """
    last = last_output(outputs)
    kind, shape = kind_of(last, 'auto', layout), tuple(last.shape[1:])
    if kind == 'none':
        return None
    if kind == 'map':
        return (
            last.flatten(1, 2) if _channels_last(shape, layout) else last.flatten(2).transpose(1, 2)
        )
    tokens_last, prefix, _ = _tokens_of(shape, layout)
    return last.transpose(1, 2) if tokens_last else last[:, prefix:]


def _channels_last(shape: tuple[int, ...], layout: Layout) -> bool:
    square = shape[0] == shape[1] < shape[2]
    return square if layout.channels_last is None else layout.channels_last


def _mean_over(axes: int | tuple[int, int]) -> Callable[[Tensor], Tensor]:
    return lambda numbers: numbers.mean(axes)


def last_output(outputs: Any) -> Any:
    """Of tensors in tuples, lists and dicts, the one that `pooled` takes."""
    while isinstance(outputs, tuple | list | dict) and outputs:
        if isinstance(outputs, dict):  # DINOv2's names its class token
            there = [value for value in outputs.values() if value is not None]
            outputs = [outputs.get('x_norm_clstoken', there[-1] if there else None)]
        outputs = outputs[-1]
    return outputs


def _looks_tokens_last(first: int, last: int) -> bool:
    """Whether tokens are (n, C, L): L is a square, and either the other number is none of tokens,
    with up to two of classes or five of classes and registers, or L would be odd for channels."""
    tokens_first = any(_is_square(first - extra) for extra in (0, 1, 2, 5) if first >= extra)
    return _is_square(last) and (not tokens_first or last % 8 > 0) and first > last


def _is_square(number: int) -> bool:
    return math.isqrt(number) ** 2 == number


@MODELS.register_module()
class Pooling(nn.Module):
    """`pooled` as the neck of an `mmpretrain.ImageClassifier`; arguments are `pool` and `Layout`'s.

    Raises:
        InputError: there is no such `pool`.
    """

    def __init__(self, pool: str = 'auto', **layout: Any) -> None:
        super().__init__()
        check_pool(pool)
        self.pool, self.layout = pool, Layout(**layout)

    def forward(self, outputs: Any) -> tuple[Tensor]:
        """What a backbone returns to a tuple of one (n, C)."""
        return (pooled(outputs, self.pool, self.layout),)


def check_pool(pool: str) -> None:
    if pool not in POOLS:
        raise InputError(f'model.pool={pool!r} does not exist: take {", ".join(POOLS)}.')
