"""Weights of any code fill a backbone completely, whatever names they have there, or not at all."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule
from torch import nn
from torchvision.models import resnet34, resnet50, resnet101

from mmbarlow.apis import get_model
from mmbarlow.convert.fitting import fit_model, fit_module
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


def backbone(depth: int = 18, kind: str = 'mmpretrain.ResNet', **arguments) -> nn.Module:
    return MODELS.build(dict(type=kind, depth=depth, **arguments))


KINDS = {None: 'mmpretrain.ResNet', 1: 'mmpretrain.ResNet_CIFAR', 2: 'mmbarlow.SoloResNet'}


def saved(content: dict, folder: Path) -> Path:
    torch.save(content, folder / 'a.pth')
    return folder / 'a.pth'


def test_a_file_of_every_layout_fills_the_backbone(layout, nets, foreign, images, tmp_path):
    name, padding, content = layout
    kind = 'mmbarlow.GeneratorResNet' if name == 'lightly-generator' else KINDS[padding]
    module = backbone(kind=kind)
    module.eval()
    found = fit_module(module, saved(content(nets[padding].state_dict()), tmp_path))
    total = len(module.state_dict())
    assert found.layout == name
    assert found.matched.startswith(f'{len(found.state)} of {total} tensors')
    module.load_state_dict(found.state, strict=False)
    children = dict(children=foreign.GENERATOR) if name == 'lightly-generator' else {}
    with torch.no_grad():
        assert torch.equal(module(images)[-1], foreign.maps(nets[padding], images, **children))


@pytest.mark.parametrize(
    'wrap',
    [
        lambda s: dict(state_dict={f'module.encoder_q.{k}': v for k, v in s.items()}),
        lambda s: dict(
            state_dict={
                f'module.encoder_{x}.{k}': v + (x == 'k') for k, v in s.items() for x in 'kq'
            }
        ),
        lambda s: dict(state_dict={f'module.base_encoder.{k}': v for k, v in s.items()}),
        lambda s: dict(state_dict={f'module.encoder.{k}': v for k, v in s.items()}),
        lambda s: dict(model={f'model.net.{k}': v for k, v in s.items()}),
        lambda s: dict(
            student={}, teacher={f'module.backbone.{k}': v for k, v in s.items()}, epoch=3
        ),
        lambda s: dict(
            state_dict={f'{x}net.{k}': v + bool(x) for x in ('ema_', '') for k, v in s.items()}
        ),
        lambda s: {f'_orig_mod.module.{k}': v for k, v in s.items()},
    ],
)
def test_prefixes_and_nesting_are_seen_through(wrap, nets, tmp_path):
    state, module = nets[None].state_dict(), backbone()
    found = fit_module(module, saved(wrap(state), tmp_path))
    assert set(found.state) == set(module.state_dict())
    assert all(torch.equal(tensor, state[name]) for name, tensor in found.state.items())


@pytest.mark.parametrize(
    ('net', 'own', 'says'),
    [
        (resnet50, dict(), "its backbone is a ResNet-50, the config's a ResNet-18"),
        (resnet34, dict(), "its backbone is a ResNet-34, the config's a ResNet-18"),
        (resnet101, dict(depth=50), "its backbone is a ResNet-101, the config's a ResNet-50"),
        (resnet50, dict(depth=101), "its backbone is a ResNet-50, the config's a ResNet-101"),
        (
            resnet34,
            dict(depth=34, base_channels=32),
            "is a ResNet-34, base width 64, the config's a ResNet-34, base width 32",
        ),
        (
            resnet34,
            dict(depth=34, kind='mmpretrain.ResNet_CIFAR'),
            "is a ResNet-34, 7x7 stem, the config's a ResNet-34, 3x3 stem with padding 1",
        ),
        (
            resnet34,
            dict(depth=34, in_channels=1),
            "is a ResNet-34, 3 input channels, the config's a ResNet-34, 1 input channels",
        ),
        (resnet50, dict(kind='mmpretrain.ResNeXt', depth=50), "'s a ResNet-50, base width 128"),
        (resnet34, dict(kind='mmpretrain.VGG', depth=11), 'it has none of the 16 tensors'),
        (resnet50, dict(kind='mmpretrain.ResNetV1c', depth=50), 'tensors are missing in it (stem.'),
    ],
)
def test_another_network_is_named_beside_the_configs(net, own, says, tmp_path):
    path = saved(net().state_dict(), tmp_path)
    with pytest.raises(InputError) as error:
        fit_module(backbone(**own), path)
    assert says in str(error.value)
    assert '\n' not in str(error.value)


def test_a_lost_tensor_or_one_that_is_not_finite_is_an_error(nets, tmp_path):
    state = dict(nets[None].state_dict())
    state['bn1.bias'] = state['bn1.bias'] / 0
    with pytest.raises(InputError, match='bn1.bias is no array of finite numbers'):
        fit_module(backbone(), saved(state, tmp_path))
    del state['layer2.0.bn1.running_mean']
    with pytest.raises(InputError, match=r'1 of 120 tensors are missing in it \(layer2.0.bn1'):
        fit_module(backbone(), saved(state, tmp_path))


def test_a_network_that_only_looks_alike_is_an_error(nets, foreign, tmp_path):
    cifar, solo = (backbone(kind=KINDS[padding]) for padding in (1, 2))
    path = saved(foreign.solo(nets[2].state_dict()), tmp_path)
    assert fit_module(solo, path).matched == '120 of 120 tensors'
    with pytest.raises(InputError, match=r'3x3 stem with padding 2 \(mmbarlow.SoloResNet\), the'):
        fit_module(cifar, path)
    encoder = json.dumps(dict(backbone=dict(type='mmbarlow.PooledResNet', depth=18)))
    state = foreign.prefixed(nets[1].state_dict(), '')
    path = saved(dict(state_dict=state, meta=dict(encoder=encoder)), tmp_path)
    with pytest.raises(InputError, match=r'3x3 stem and max-pooling \(mmbarlow.Pooled'):
        fit_module(cifar, path)
    encoder = json.dumps(dict(backbone=dict(type='mmpretrain.ResNet', depth=50, style='caffe')))
    path = saved(dict(state_dict=resnet50().state_dict(), meta=dict(encoder=encoder)), tmp_path)
    with pytest.raises(InputError, match="ResNet has the style 'caffe', the config's 'pytorch'"):
        fit_module(backbone(50), path)


def test_three_stages_of_a_whole_network_are_enough_for_a_backbone_of_three(nets, tmp_path):
    three = dict(strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    own = backbone(num_stages=3, **three)
    path = saved(nets[None].state_dict(), tmp_path)
    count = len(own.state_dict())
    assert count < 120
    assert fit_module(own, path).matched == f'{count} of {count} tensors'


def test_any_network_is_filled_from_its_own_checkpoint(tmp_path):
    def vit(size: int) -> nn.Module:
        arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
        return MODELS.build(dict(type='mmpretrain.VisionTransformer', arch=arch, img_size=size))

    net = vit(64)
    state = {f'backbone.{name}': tensor for name, tensor in net.state_dict().items()}
    path = saved(dict(state_dict=state | {'head.w': torch.ones(1)}, meta={}), tmp_path)
    found = fit_module(vit(64), path)
    assert set(found.state) == set(net.state_dict())
    larger = vit(96)  # mmpretrain resizes what tells positions apart
    larger.load_state_dict(fit_module(larger, path).state, strict=False)
    with pytest.raises(InputError, match='it has none of the 120 tensors'):
        fit_module(backbone(), path)


class Pair(BaseModule):
    """A backbone and a neck."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.backbone = backbone()
        self.neck = nn.Sequential(nn.Linear(512, 8), nn.Linear(8, width))


def test_the_other_parts_are_taken_where_they_fit_and_the_line_says_so(nets, tmp_path):
    pair = Pair(4)
    path = saved(dict(state_dict=pair.state_dict(), meta=dict(epoch=1)), tmp_path)
    assert str(fit_model(Pair(4), path)) == '(mm): backbone 120 of 120 tensors, neck 4 of 4'
    assert str(fit_model(Pair(5), path)) == '(mm): backbone 120 of 120 tensors, neck 2 of 4'
    path = saved(nets[None].state_dict(), tmp_path)
    line = '(torchvision): backbone 120 of 120 tensors; neck starts anew'
    assert str(fit_model(Pair(4), path)) == line


@pytest.mark.parametrize('prefix', ['backbone', 'backbone.', None])
def test_init_cfg_takes_a_checkpoint_with_its_prefix_and_without(prefix, tmp_path):
    pair = Pair(4)
    path = saved(dict(state_dict=pair.state_dict(), meta=dict(epoch=1)), tmp_path)
    init = dict(type='Pretrained', checkpoint=str(path), prefix=prefix)
    module = backbone(init_cfg=init)
    module.init_weights()
    wanted = pair.backbone.state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize(
    ('init', 'says'),
    [
        (dict(prefix='neck'), 'none of the 120 tensors'),
        (dict(prefix='encoder'), 'no tensor of .* is named encoder'),
        (dict(prefix='back'), 'no tensor of .* is named back'),
    ],
)
def test_init_cfg_of_a_wrong_prefix_is_an_error(init, says, tmp_path):
    path = saved(dict(state_dict=Pair(4).state_dict(), meta={}), tmp_path)
    module = backbone(init_cfg=dict(type='Pretrained', checkpoint=str(path), **init))
    with pytest.raises(InputError, match=says):
        module.init_weights()


def test_init_cfg_fills_a_neck_by_its_prefix(tmp_path):
    pair = Pair(4)
    path = saved(dict(state_dict=pair.state_dict(), meta={}), tmp_path)
    other = Pair(4)
    other.init_cfg = dict(type='Pretrained', checkpoint=str(path))
    other.init_weights()
    assert torch.equal(other.neck[1].weight, pair.neck[1].weight)
    assert torch.equal(other.backbone.conv1.weight, pair.backbone.conv1.weight)


def test_a_model_of_a_config_is_made_from_a_file_of_other_code(nets, foreign, tmp_path):
    path = saved(foreign.vissl(nets[1].state_dict()), tmp_path)
    with pytest.raises(InputError, match='give its pretraining config'):
        get_model(path)
    config = Config(dict(model=dict(backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18))))
    model = get_model(path, config)
    own = nets[1].state_dict()
    assert all(torch.equal(own[name], t.cpu()) for name, t in model.backbone.state_dict().items())
    with pytest.raises(InputError, match="its backbone is a ResNet-18, 7x7 stem, the config's a"):
        get_model(saved(nets[None].state_dict(), tmp_path), config)
