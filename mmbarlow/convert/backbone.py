"""Read a file of any known layout as a complete backbone, with notes on what was assumed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmbarlow.checkpoints import check_fits, check_meta
from mmbarlow.config_files import explained
from mmbarlow.convert.foreign_files import read_foreign
from mmbarlow.convert.infer_resnet import resnet_config, resnet_in_words
from mmbarlow.convert.sources import Source, sort_out
from mmbarlow.errors import InputError
from mmbarlow.models.allowance import allowance
from mmbarlow.models.encoder_description import encoder_config
from mmbarlow.registry import MODELS
from mmbarlow.weight_files import is_array

COUNTER = '.num_batches_tracked'


@dataclass(frozen=True)
class Backbone:
    """A ResNet from a file of other code."""

    source: Source
    state: dict[str, Tensor]  # all, in float32, under the names of torchvision, timm and mmpretrain
    config: dict  # of the backbone, for MODELS
    preprocessor: dict | None  # config of the data preprocessor, if the file has it
    matched: int  # number of tensors of the backbone that the file has
    others: list[str]  # names of the file's tensors that do not belong to the backbone
    notes: list[str]  # sentences on what was filled in, changed or assumed
    meta: dict[str, Any]  # the file's `meta`, if it comes from OpenMMLab

    def __str__(self) -> str:
        return resnet_in_words(self.config)


def load_backbone(path: Path, stem_padding: int | None = None) -> Backbone:
    """Read the backbone in `path`, which is not changed.

    Args:
        path: the checkpoint.
        stem_padding: padding of a 3x3 stem; by default that of the code that wrote the file.

    Raises:
        InputError: the file cannot be read, has no known layout, lacks a tensor of the backbone, or
            its network is not a plain ResNet.
    """
    checkpoint = read_foreign(path)
    source, state, others = sort_out(checkpoint, path)
    bad = next((n for n, t in state.items() if not (is_array(t) and t.isfinite().all())), None)
    if bad is not None:
        raise InputError(
            f'{path}: {bad} is no array of finite numbers: its training diverged, or '
            'the file is damaged.'
        )
    padding = stem_padding or source.stem_padding
    config = resnet_config(state, padding, path)
    if source.kind:
        _check_padding(source, padding)
        config['type'] = source.kind
    model = MODELS.build(config)
    matched, notes = len(state), _complete(state, list(model.state_dict()))
    cure = 'Only a complete, plain ResNet is converted: no groups, no SE, no pooling shortcuts.'
    check_fits(model, state, path, cure)
    meta = checkpoint.get('meta') if source.name == 'mm' else None
    meta = meta if isinstance(meta, dict) else {}
    check_meta(meta, path)
    encoder = encoder_config(dict(meta=meta)) or {}
    if stem_padding is None and 'backbone' in encoder:
        config = encoder['backbone']
        _check_description(config, state, path)
    elif source.kind:
        notes.append(
            f'taken for nn.Sequential of the children of {source.about}, as in its examples: '
            'padding 1 and no ReLU after the stem, which its own forward calls.'
        )
    elif state['conv1.weight'].shape[-1] == 3:
        notes.append(
            'no tensor tells the padding and stride of a 3x3 stem or whether pooling follows: '
            f'assumed are padding {padding}, stride 1 and no pooling. If the padding was '
            f'{3 - padding}, give --stem-padding {3 - padding}.'
        )
    preprocessor = encoder.get('data_preprocessor')
    return Backbone(source, state, config, preprocessor, matched, others, notes, meta)


def _check_description(config: dict, state: dict[str, Tensor], path: Path) -> None:
    with explained(f'the network of {path}'), allowance(state):
        described = MODELS.build(config)
    check_fits(described, state, path, 'Its own description is of another network.')


def _check_padding(source: Source, padding: int) -> None:
    if padding != source.stem_padding:
        raise InputError(
            f'{source.about} pads its stem by {source.stem_padding}: leave --stem-padding out.'
        )


def _complete(state: dict[str, Tensor], wanted: list[str]) -> list[str]:
    """Add BN's counters, which files from before torch 0.4.1 lack, and convert all else to float32.

    Works in place and returns sentences on what was done.
    """
    notes = []
    counters = [name for name in wanted if name.endswith(COUNTER) and name not in state]
    # A counter must not hide that its whole BN layer is missing.
    counters = [n for n in counters if n.replace(COUNTER, '.running_mean') in state]
    state.update({name: torch.tensor(0) for name in counters})
    if counters:
        notes.append(f'{len(counters)} num_batches_tracked are missing (old files): set to 0.')
    kinds = {str(t.dtype) for name, t in state.items() if not name.endswith(COUNTER)}
    if kinds != {'torch.float32'}:
        notes.append(f'converted from {", ".join(sorted(kinds))} to float32.')
    for name, tensor in state.items():
        kind = torch.int64 if name.endswith(COUNTER) else torch.float32
        # A copy, since torch.save would write a view with the whole tensor behind it.
        state[name] = tensor.detach().to(kind, copy=True).contiguous()
    return notes
