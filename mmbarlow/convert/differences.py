"""What a file's network is, and what a config's is, where they are not the same."""

from typing import Any

from torch import Tensor, nn

from mmbarlow.convert.infer_resnet import STEMS, WORDS, resnet_config, resnet_in_words
from mmbarlow.convert.sources import Source
from mmbarlow.errors import InputError
from mmbarlow.models.encoder_description import encoder_config


def difference(own: dict, state: dict, misfits: list[str], more: list[str]) -> str:
    """Where a file's tensors are not those of a module, in words for a sentence.

    Args:
        own, state: the tensors of the module and of the file, by name.
        misfits: names of `own` that `state` lacks or has in another shape.
        more: names of parts of the module that only `state` has.
    """
    ours, theirs = _parts(own), _parts(state)
    if ours and theirs and ours != theirs:
        differ = [i for i, pair in enumerate(zip(theirs, ours, strict=True)) if len(set(pair)) > 1]
        theirs, ours = ([parts[i] for i in {0, *differ}] for parts in (theirs, ours))
        return f"its backbone is a {', '.join(theirs)}, the config's a {', '.join(ours)}"
    if len(misfits) == len(own) and not own.keys() & state.keys():
        held = ', '.join(list(state)[:3]) or 'nothing'
        return f'it has none of the {len(own)} tensors ({misfits[0]}, ...), but {held}'
    faults = []
    if lacking := [name for name in misfits if name not in state]:
        faults.append(f'{len(lacking)} of {len(own)} tensors are missing in it ({lacking[0]})')
    if other := [name for name in misfits if name in state]:
        shapes = tuple(state[other[0]].shape), tuple(own[other[0]].shape)
        faults.append(f'{len(other)} have another shape ({other[0]}: {shapes[0]}, not {shapes[1]})')
    if more:
        faults.append(f'it has {len(more)} more ({more[0]})')
    return ', '.join(faults)


def check_kind(
    module: nn.Module, checkpoint: dict, layout: Source | None, state: dict[str, Tensor], path: Any
) -> None:
    """Raises InputError if the file's backbone only looks like the module: its tensors are alike,
    but it pads, pools or strides otherwise."""
    try:
        described = (encoder_config(checkpoint) or {}).get('backbone', {})
    except InputError:  # says nothing that can be used
        described = {}
    kind, stem = described.get('type'), state.get('conv1.weight')
    if kind is None and layout and stem is not None:
        kind = layout.kind or STEMS.get((stem.shape[-1], layout.stem_padding))
    own = next((name for name in WORDS if name.split('.')[-1] == type(module).__name__), None)
    told = described or layout and (layout.kind or layout.stem_padding != 1)
    if told and own and kind in WORDS and kind != own:
        raise InputError(
            f'{path} does not fit: its backbone is a ResNet with a {WORDS[kind]} ({kind}), the '
            f"config's has a {WORDS[own]} ({own})."
        )
    style, own_style = described.get('style', 'pytorch'), getattr(module, 'style', 'pytorch')
    if described and style != own_style:
        raise InputError(
            f"{path} does not fit: its ResNet has the style {style!r}, the config's {own_style!r}."
        )


def _parts(tensors: dict[str, Tensor]) -> list[str] | None:
    """'ResNet-50', '7x7 stem', ... if these are the tensors of a ResNet."""
    try:
        return resnet_in_words(resnet_config(tensors, 1, '')).split(', ')
    except InputError:
        return None
