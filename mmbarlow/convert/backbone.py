"""A file of any known layout to a complete backbone, with what is to be told about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmbarlow.checkpoints import check_fits
from mmbarlow.convert.foreign_files import read_foreign
from mmbarlow.convert.infer_resnet import describe, in_words
from mmbarlow.convert.sources import Source, sort_out
from mmbarlow.models.encoder_description import encoder_config
from mmbarlow.registry import MODELS

COUNTER = '.num_batches_tracked'
CURE = 'Only a complete, plain ResNet is converted: no groups, no SE, no pooling shortcuts.'


@dataclass(frozen=True)
class Backbone:
    """A ResNet out of a foreign file.

    state: float32 and complete, under the names that torchvision, timm and mmpretrain share.
    config: of the backbone, to be built by MODELS.
    preprocessor: config, where the file tells it.
    matched: number of its tensors that the file has.
    others: names of the file's tensors that are no part of the backbone.
    notes: sentences on what was filled in, changed or assumed.
    meta: the file's own, where it is of OpenMMLab.
    """

    source: Source
    state: dict[str, Tensor]
    config: dict
    preprocessor: dict | None
    matched: int
    others: list[str]
    notes: list[str]
    meta: dict[str, Any]

    def __str__(self) -> str:
        return in_words(self.config)


def load(path: Path, stem_padding: int | None = None) -> Backbone:
    """Read `path`; the source stays as it is.

    Args:
        path: the checkpoint.
        stem_padding: of a 3x3 stem; by default as the source's code has it.

    Raises:
        InputError: the file cannot be read, is in no known layout, is of another network than a
            plain ResNet, or lacks a tensor of the backbone.
    """
    checkpoint = read_foreign(path)
    source, state, others = sort_out(checkpoint, path)
    padding = stem_padding or source.stem_padding
    config = describe(state, padding, path)
    model = MODELS.build(config)
    matched, notes = len(state), _complete(state, list(model.state_dict()))
    check_fits(model, state, path, cure=CURE)
    meta = checkpoint.get('meta') if source.name == 'mm' else None
    meta = meta if isinstance(meta, dict) else {}
    encoder = encoder_config(dict(meta=meta)) or {}
    if stem_padding is None and 'backbone' in encoder:
        config = encoder['backbone']
    elif state['conv1.weight'].shape[-1] == 3:
        notes.append(
            'no tensor tells the padding and stride of a 3x3 stem and whether pooling follows: '
            f'taken are padding {padding}, stride 1 and no pooling. If the padding was '
            f'{3 - padding}, give --stem-padding {3 - padding}.'
        )
    return Backbone(
        source=source,
        state=state,
        config=config,
        preprocessor=encoder.get('data_preprocessor'),
        matched=matched,
        others=others,
        notes=notes,
        meta=meta,
    )


def _complete(state: dict[str, Tensor], wanted: list[str]) -> list[str]:
    """Fill in BN's counters, which files from before torch 0.4.1 lack, and make all else float32;
    returns what was done."""
    notes = []
    counters = [name for name in wanted if name.endswith(COUNTER) and name not in state]
    # A BN layer that is not there at all must not be hidden by its counter.
    counters = [n for n in counters if n.replace(COUNTER, '.running_mean') in state]
    state.update({name: torch.tensor(0) for name in counters})
    if counters:
        notes.append(f'{len(counters)} num_batches_tracked are missing (old files): set to 0.')
    kinds = {str(t.dtype) for name, t in state.items() if not name.endswith(COUNTER)}
    if kinds != {'torch.float32'}:
        notes.append(f'made float32 out of {", ".join(sorted(kinds))}.')
    for name, tensor in state.items():
        kind = torch.int64 if name.endswith(COUNTER) else torch.float32
        # A copy: of a view, torch.save would write all that it is a view of.
        state[name] = tensor.detach().to(kind, copy=True).contiguous()
    return notes
