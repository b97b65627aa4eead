"""Which tensors of transformers decay, against what timm says of its own."""

import pytest
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmbarlow.registry import MODELS

WEIGHT_DECAY = 0.05
WRAPPER = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=WEIGHT_DECAY),
    constructor='mmbarlow.NdimParamGroups',
)


def undecayed(network: nn.Module) -> set[str]:
    """Names of the parameters without weight decay; all of them are in one of two groups."""
    groups = build_optim_wrapper(network, WRAPPER).optimizer.param_groups
    names = {id(p): name for name, p in network.named_parameters()}
    assert sum(len(group['params']) for group in groups) == len(names)
    assert [group['weight_decay'] for group in groups] == [WEIGHT_DECAY, 0]
    return {names[id(p)] for p in groups[1]['params']}


def test_of_a_vision_transformer_weights_of_products_decay_alone():
    vit = MODELS.build(
        dict(type='mmpretrain.VisionTransformer', arch='deit-tiny', img_size=32, patch_size=8)
    )
    added = undecayed(vit)
    decayed = {name for name, _ in vit.named_parameters()} - added
    weights = ('patch_embed.projection', 'attn.qkv', 'attn.proj', 'ffn.layers.0.0', 'ffn.layers.1')
    assert {'pos_embed', 'cls_token', 'ln1.weight', 'layers.0.attn.qkv.bias'} <= added
    assert len(decayed) == 1 + 12 * 4
    assert all(name.endswith('.weight') and name[:-7].endswith(weights) for name in decayed)


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('deit_tiny_distilled_patch16_224', {}),
        ('vit_tiny_patch16_224', dict(img_size=32, reg_tokens=4, class_token=True)),
        ('swin_tiny_patch4_window7_224', dict(img_size=32, window_size=4, depths=(1, 1, 1, 1))),
    ],
)
def test_what_timm_excludes_from_weight_decay_is_excluded(name, options):
    timm = pytest.importorskip('timm')
    network = timm.create_model(name, **options)
    theirs = {
        parameter
        for parameter, p in network.named_parameters()
        if p.ndim <= 1 or parameter.rpartition('.')[2] in network.no_weight_decay()
    }
    theirs |= {n for n, _ in network.named_parameters() if n.endswith('bias_table')}  # by a loop
    assert undecayed(network) - theirs <= {'reg_token'}  # which timm forgets
    assert theirs <= undecayed(network)
