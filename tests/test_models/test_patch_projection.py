"""A vision transformer whose patches are projected at random, and nothing else."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32)
VIT = dict(type='mmpretrain.VisionTransformer', arch=ARCH, img_size=16, patch_size=8)
TIMM = dict(
    type='mmpretrain.TIMMBackbone',
    model_name='vit_tiny_patch16_224',
    img_size=16,
    patch_size=8,
    embed_dim=16,
    depth=1,
    num_heads=2,
)


def twins(backbone: dict, **options) -> BarlowTwins:
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='mmbarlow.BarlowTwins',
            backbone=backbone,
            neck=dict(
                type='mmbarlow.BarlowTwinsNeck', in_channels=16, hid_channels=8, out_channels=8
            ),
            head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8),
            **options,
        )
    )
    model.init_weights()
    return model


@pytest.mark.parametrize('chunk_size', [None, 4])
@pytest.mark.parametrize('backbone', [VIT, TIMM], ids=['mmpretrain', 'timm'])
def test_a_frozen_projection_stays_bit_for_bit_while_all_else_learns(backbone, chunk_size):
    if backbone is TIMM:
        pytest.importorskip('timm')
    model = twins(backbone, frozen_patches=True, chunk_size=chunk_size)
    before = {name: p.clone() for name, p in model.named_parameters()}
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='mmbarlow.BF16OptimWrapper',
            optimizer=dict(type='AdamW', lr=1e-2),
            constructor='mmbarlow.NdimParamGroups',
            clip_grad=dict(max_norm=1.0),
        ),
    )
    for _ in range(2):
        views = [torch.rand(8, 3, 16, 16) for _ in 'ab']
        with wrapper.optim_context(model):
            loss = torch.stack(list(model(views, mode='loss').values())).sum()
        wrapper.update_params(loss)
    still = {name for name, p in model.named_parameters() if torch.equal(p, before[name])}
    frozen = {name for name in before if '.patch_embed.' in name}
    assert len(frozen) == 2
    assert still == frozen


def test_a_network_without_patches_is_named():
    resnet = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
    with pytest.raises(InputError, match='ResNet has no patch_embed'):
        twins(resnet, frozen_patches=True)
