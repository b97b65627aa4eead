"""`model.backbone` alone changes: width, pooling and channels follow, or one sentence says why."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import is_described
from mmbarlow.models.named_backbones import built_backbone, named_backbone
from mmbarlow.models.pooling import layout_of, pooled
from mmbarlow.models.width import check_width, width_of
from mmbarlow.registry import MODELS

ROOT = Path(__file__).parents[2]
VIT = dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=64)
VIT = dict(type='mmpretrain.VisionTransformer', arch=VIT, img_size=32, patch_size=8)
SWIN = dict(embed_dims=8, depths=[2, 2], num_heads=[2, 2])
SWIN = dict(type='mmpretrain.SwinTransformer', arch=SWIN, out_indices=(1,))
CONVNEXT = dict(type='mmpretrain.ConvNeXt', arch=dict(depths=[1] * 4, channels=[8, 8, 16, 24]))
RESNET = dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8)
NECK = dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=8, out_channels=4)
HEAD = dict(type='mmbarlow.CrossCorrelationHead', in_channels=4)


def timm(name: str, **options) -> dict:
    return dict(type='mmpretrain.TIMMBackbone', model_name=name, **options)


@pytest.mark.parametrize('stated', [{}, dict(in_channels=None)])
@pytest.mark.parametrize(
    ('kind', 'backbone', 'channels'),
    [
        ('BarlowTwinsNeck', VIT, 32),
        ('BarlowTwinsNeck', CONVNEXT, 24),
        ('MixedBarlowTwinsNeck', RESNET, 64),
        ('MultiHeadNeck', timm('test_vit'), 64),
    ],
)
def test_a_neck_without_a_width_takes_that_of_the_backbone(kind, backbone, channels, stated):
    model = BarlowTwins(backbone, NECK | dict(type=f'mmbarlow.{kind}') | stated, HEAD)
    assert model.neck.in_channels == channels


def test_the_classifier_of_the_supervised_baseline_takes_it_too():
    loss = dict(type='mmpretrain.CrossEntropyLoss')
    head = dict(type='mmpretrain.LinearClsHead', num_classes=5, loss=loss)
    model = MODELS.build(dict(type='mmbarlow.Supervised', backbone=RESNET, head=head))
    assert model.head.in_channels == 64


def test_to_find_the_width_changes_neither_statistics_nor_modes_nor_random_numbers():
    network = MODELS.build(RESNET | dict(norm_eval=True))
    network.train()
    before = copy.deepcopy(network.state_dict())
    modes, random = [m.training for m in network.modules()], torch.get_rng_state()
    assert width_of(network) == 64
    assert torch.equal(random, torch.get_rng_state())
    assert modes == [m.training for m in network.modules()]
    assert all(torch.equal(before[name], x) for name, x in network.state_dict().items())


@pytest.mark.parametrize('pattern', ['barlowtwins/*_folder.py', 'mixed_*/*resnet18*_cifar10.py'])
@pytest.mark.parametrize('backbone', [VIT, CONVNEXT], ids=['vit', 'convnext'])
def test_over_a_shipped_config_the_backbone_alone_changes(pattern, backbone, tmp_path):
    shipped = sorted((ROOT / 'configs').glob(pattern))[0]
    child = tmp_path / 'child.py'
    model = dict(backbone=dict(backbone, _delete_=True))
    child.write_text(f'_base_ = {str(shipped)!r}\nmodel = {model!r}')
    cfg = load_config(child)
    cfg.model.neck.update(hid_channels=8, out_channels=4)
    cfg.model.head.in_channels = 4
    check_width(cfg)
    assert cfg.model.neck.in_channels == (32 if backbone is VIT else 24)
    model = MODELS.build(cfg.model)
    sum(model.loss([torch.randn(4, 3, 32, 32) for _ in 'ab']).values()).backward()


def test_the_maps_of_timms_swin_are_averaged_over_space_whatever_their_shape():
    options = dict(img_size=(64, 128), depths=(1, 1), embed_dim=8, num_heads=(1, 2))
    encoder = Encoder(timm('swin_tiny_patch4_window7_224', **options)).eval()
    images = torch.randn(2, 3, 64, 128)
    (maps,) = encoder.backbone(images)
    assert maps.shape == (2, 8, 16, 16)  # H, W and C, which no shape can tell apart
    torch.testing.assert_close(encoder(images), maps.mean((1, 2)))


def test_registers_are_no_class_tokens():
    options = dict(img_size=32, depth=1, embed_dim=16, num_heads=2)
    encoder = Encoder(timm('vit_pwee_patch16_reg1_gap_256', **options)).eval()
    images = torch.randn(2, 3, 32, 32)
    (tokens,) = encoder.backbone(images)
    assert tokens.shape == (2, 5, 16)
    torch.testing.assert_close(encoder(images), tokens[:, 1:].mean(1))
    assert encoder.pooled_as == 'tokens'


def test_tokens_of_images_that_are_not_square_are_averaged_without_a_class_token():
    network = MODELS.build(VIT | dict(out_type='raw', with_cls_token=False))
    tokens = torch.randn(2, 6, 32)  # no square number, which would mean a class token
    torch.testing.assert_close(pooled(tokens, layout=layout_of(network)), tokens.mean(1))


def test_pool_says_what_is_taken():
    raw, images = VIT | dict(out_type='raw'), torch.randn(2, 3, 32, 32)
    encoders = {pool: Encoder(raw, pool=pool).eval() for pool in ('auto', 'cls', 'tokens')}
    for pool, encoder in encoders.items():
        (tokens,) = encoder.backbone(images)
        wanted = tokens[:, 1:].mean(1) if pool == 'tokens' else tokens[:, 0]
        torch.testing.assert_close(encoder(images), wanted)
        assert encoder.pooled_as == ('tokens' if pool == 'tokens' else 'cls')


@pytest.mark.parametrize(
    ('backbone', 'pool', 'says'),
    [
        (RESNET, 'cls', r"pool='cls' does not take the maps .* set model.pool='auto'"),
        (VIT, 'tokens', 'does not take the vectors .* model.backbone.out_type'),
        (VIT | dict(out_type='raw', with_cls_token=False), 'cls', "set model.pool='tokens'"),
        (RESNET, 'mean', "model.pool='mean' does not exist: take auto, map, cls, tokens, none"),
    ],
)
def test_a_pool_that_does_not_fit_names_the_key(backbone, pool, says):
    with pytest.raises(InputError, match=says):
        Encoder(backbone, pool=pool).eval()(torch.randn(2, 3, 32, 32))


@pytest.mark.parametrize(
    ('backbone', 'size', 'says'),
    [
        (SWIN, 32, r'of 32 px \(The input shape .* set model.backbone.pad_small_map=True\.$'),
        (
            timm('vit_tiny_patch16_224', depth=1),
            32,
            r'_224 does not take .* set model.backbone.img_size=32\.$',
        ),
        (dict(type='mmpretrain.AlexNet'), 32, r'set the size of mmbarlow.TwinViews to 64 or 96 or'),
    ],
)
def test_a_backbone_that_needs_another_size_names_the_key(backbone, size, says):
    (path, *_) = sorted((ROOT / 'configs').glob('barlowtwins/*_folder.py'))
    cfg = load_config(path)
    cfg.model.backbone = Config(dict(backbone=backbone)).backbone
    cfg.train_dataloader.dataset.pipeline = [dict(type='mmbarlow.TwinViews', size=size)]
    with pytest.raises(InputError, match=says):
        check_width(cfg)


@pytest.mark.parametrize('channels', [1, 4])
@pytest.mark.parametrize(
    ('name', 'key'),
    [
        ('resnet18', 'in_channels'),
        ('LeNet5', 'backbone'),
        ('MobileNetV3', 'backbone'),
        ('PoolFormer', 'backbone'),
        ('T2T_ViT', 'in_channels'),
        ('timm/test_convnext', 'in_channels'),
    ],
)
def test_named_backbones_take_images_of_other_channels(name, key, channels):
    config = named_backbone(name, 64, channels=channels)
    network, width = built_backbone(config, 64)
    with torch.no_grad():
        outputs = network(torch.randn(2, channels, 64, 64))
    assert pooled(outputs, layout=layout_of(network)).shape == (2, width)
    if not (name == 'LeNet5' and channels == 1):
        assert key in config
    assert named_backbone(name, 64).get('in_channels') == (3 if name == 'LeNet5' else None)


def test_the_new_first_convolution_is_initialized_with_the_others():
    config = dict(
        type='mmbarlow.OtherChannels', in_channels=5, backbone=dict(type='mmpretrain.VGG', depth=11)
    )
    network = MODELS.build(config)
    (first, *_) = (m for m in network.modules() if isinstance(m, nn.Conv2d))
    nn.init.zeros_(first.weight)
    network.init_weights()
    assert first.weight.shape[1] == 5
    assert first.weight.abs().max() > 0
    assert is_described(config)


@pytest.mark.parametrize('name', ['SparseResNet', 'mmpretrain.SparseConvNeXt', 'TIMMBackbone'])
def test_classes_that_are_no_backbones_by_themselves_say_why(name):
    with pytest.raises(InputError, match='take (ResNet|ConvNeXt|timm/NAME)'):
        named_backbone(name, 64)
