"""Backbones of every kind give representations (n, C), and necks say what does not fit them."""

import pytest
import torch
from torch import nn

from mmbarlow.errors import InputError
from mmbarlow.models.amcl.multi_head_neck import MultiHeadNeck
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.mixed.neck import MixedBarlowTwinsNeck
from mmbarlow.models.pooling import Pooling, pooled
from mmbarlow.models.projector import BarlowTwinsNeck
from mmbarlow.registry import MODELS

VIT = dict(type='mmpretrain.VisionTransformer', arch='deit-tiny', img_size=32, patch_size=16)
RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
NECKS = (BarlowTwinsNeck, MixedBarlowTwinsNeck, MultiHeadNeck)


class AsTimm(nn.Module):
    """The shapes of timm's networks, with 6 channels: after `reset_classifier(0, '')`, as tokens
    with a class token, as maps of Swin, or as a list of `features_only`."""

    def __init__(self, layout: str) -> None:
        super().__init__()
        self.layout, self.conv = layout, nn.Conv2d(3, 6, 8, 8)

    def forward(self, images: torch.Tensor):
        map_ = self.conv(images)
        tokens = map_.flatten(2).transpose(1, 2)
        layouts = dict(
            vectors=(map_.mean((2, 3)),),
            tokens=(torch.cat([tokens.mean(1, keepdim=True), tokens], 1),),
            NHWC=(map_.permute(0, 2, 3, 1),),
            list=[images, map_],
        )
        return layouts[self.layout]


def test_maps_are_averaged_vectors_kept_and_the_class_token_taken():
    map_, tokens, vectors = torch.rand(5, 6, 2, 3), torch.rand(5, 7, 6), torch.rand(5, 6)
    assert torch.equal(pooled((torch.rand(5, 3, 4, 4), map_)), map_.mean((2, 3)))
    assert torch.equal(pooled(map_), map_.mean((2, 3)))
    assert torch.equal(pooled((vectors,)), vectors)
    assert torch.equal(pooled(vectors), vectors)
    assert torch.equal(pooled((tokens,)), tokens[:, 0])
    assert torch.equal(pooled(([map_, vectors],)), vectors)  # a patch map and its class token
    patches = tokens[:, :4]  # of a square image, without a class token
    assert torch.equal(pooled(patches), patches.mean(1))


def test_outputs_of_other_layouts_are_averaged_over_space():
    for h, c in ((7, 768), (1, 768), (4, 96)):  # timm's Swin
        map_ = torch.rand(2, h, h, c)
        assert torch.equal(pooled((map_,)), map_.mean((1, 2)))
        assert torch.equal(pooled(map_.permute(0, 3, 1, 2)), map_.permute(0, 3, 1, 2).mean((2, 3)))
    for c, length in ((448, 49), (768, 196), (1024, 196), (512, 49)):  # (n, C, L)
        assert pooled(torch.rand(2, c, length)).shape == (2, c)
    for length, c in ((197, 1024), (257, 1024), (197, 192), (201, 576), (198, 384), (257, 256)):
        tokens = torch.rand(2, length, c)
        assert torch.equal(pooled(tokens), tokens[:, 0])
    for length, c in ((196, 768), (49, 1024), (256, 1152)):  # no class token
        tokens = torch.rand(2, length, c)
        assert torch.equal(pooled(tokens), tokens.mean(1))


def test_of_a_dict_the_last_output_counts_or_the_class_token_by_its_name():
    map_, vectors = torch.rand(5, 6, 2, 3), torch.rand(5, 6)
    assert torch.equal(pooled(dict(layer3=torch.rand(5, 3, 4, 4), layer4=map_)), map_.mean((2, 3)))
    dino = dict(x_norm_clstoken=vectors, x_norm_patchtokens=torch.rand(5, 4, 6), masks=None)
    assert torch.equal(pooled(dino), vectors)
    with pytest.raises(InputError, match='the backbone gives dict'):
        pooled({})


@pytest.mark.parametrize('outputs', [torch.rand(5), (), None, torch.rand(1, 2, 3, 4, 5)])
def test_what_is_nothing_of_this_kind_ends_in_one_sentence(outputs):
    with pytest.raises(InputError, match=r'the backbone gives .*: it must give maps'):
        pooled(outputs)


@pytest.mark.parametrize(
    ('backbone', 'channels'),
    [
        (dict(VIT, out_type='cls_token'), 192),
        (dict(VIT, out_type='raw'), 192),
        (dict(VIT, out_type='featmap'), 192),
        (dict(VIT, out_type='avg_featmap'), 192),
        (dict(VIT, out_type='raw', with_cls_token=False), 192),
        (dict(type='mmpretrain.ConvNeXt', arch='atto'), 320),
        (dict(type='mmpretrain.ConvNeXt', arch='atto', gap_before_final_norm=False), 320),
        (dict(type='mmpretrain.SwinTransformer', arch='tiny', pad_small_map=True), 768),
        (dict(type='mmpretrain.MobileNetV2', widen_factor=0.25), 1280),
        (dict(type='mmpretrain.EfficientNet', arch='b0'), 1280),
        (dict(type='mmpretrain.RegNet', arch='regnetx_400mf'), 384),
        (dict(type='mmpretrain.MlpMixer', arch='s', img_size=32, patch_size=4), 512),
        (dict(RESNET, out_indices=(0, 1, 2, 3)), 64),
        (dict(RESNET, out_indices=(2,)), 32),
        (dict(RESNET, frozen_stages=4), 64),
    ],
)
def test_features_are_vectors_that_every_neck_takes(backbone, channels):
    encoder, images = Encoder(backbone).eval(), torch.rand(5, 3, 32, 32)
    with torch.no_grad():
        features = encoder(images)
        assert features.shape == (5, channels)
        outputs = encoder.backbone(images)
        assert torch.equal(Pooling()(outputs)[0], features)
        for neck in NECKS:
            assert neck(channels, 8, 4)(outputs).shape == (5, 12 if neck is MultiHeadNeck else 4)


@pytest.mark.parametrize('layout', ['vectors', 'tokens', 'NHWC', 'list'])
def test_features_of_networks_of_timm_are_the_same_in_every_layout(layout):
    encoder, images = Encoder(RESNET).eval(), torch.rand(5, 3, 32, 32)
    encoder.backbone = AsTimm(layout)
    wanted = encoder.backbone.conv(images).mean((2, 3))
    torch.testing.assert_close(encoder(images), wanted)
    assert BarlowTwinsNeck(6, 8, 4)(encoder.backbone(images)).shape == (5, 4)


@pytest.mark.parametrize('neck', NECKS)
def test_a_neck_that_does_not_fit_names_the_channels(neck):
    says = r'^backbone gives 512 channels: set model.neck.in_channels=512 \(it is 2048\)\.$'
    for outputs in ((torch.rand(2, 512, 1, 1),), torch.rand(2, 512), torch.rand(2, 5, 512)):
        with pytest.raises(InputError, match=says):
            neck(2048, 8, 4)(outputs)


def test_a_model_that_does_not_fit_says_so_at_the_first_step():
    model = MODELS.build(
        dict(
            type='mmbarlow.BarlowTwins',
            backbone=dict(type='mmbarlow.RawPixels'),
            neck=dict(
                type='mmbarlow.BarlowTwinsNeck', in_channels=9, hid_channels=8, out_channels=4
            ),
            head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=4),
        )
    )
    with pytest.raises(InputError, match='set model.neck.in_channels=12'):
        model([torch.rand(3, 3, 2, 2)] * 2, mode='loss')
