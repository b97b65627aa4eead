"""Backbones of every kind give representations (n, C), and necks say what does not fit them."""

import pytest
import torch

from mmbarlow.errors import InputError
from mmbarlow.models.amcl.multi_head_neck import MultiHeadNeck
from mmbarlow.models.encoder import Encoder, Pooling, pooled
from mmbarlow.models.mixed.neck import MixedBarlowTwinsNeck
from mmbarlow.models.projector import BarlowTwinsNeck
from mmbarlow.registry import MODELS

VIT = dict(type='mmpretrain.VisionTransformer', arch='deit-tiny', img_size=32, patch_size=16)
NECKS = (BarlowTwinsNeck, MixedBarlowTwinsNeck, MultiHeadNeck)


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
