"""Every layout gives the network it was written from."""

from functools import partial
from pathlib import Path

import pytest
import torch
from lightly.models import ResNetGenerator
from safetensors.torch import save_file
from torchvision.models import resnet50, resnext50_32x4d

from mmbarlow.apis import get_model
from mmbarlow.convert.backbone import load_backbone
from mmbarlow.convert.writers import WRITERS, meta_of
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically


def converted(source: Path, to: str = 'mm', **arguments) -> Path:
    backbone = load_backbone(source, **arguments)
    path = source.with_name(f'{to}.pth')
    write_atomically(path, partial(torch.save, WRITERS[to].content(backbone, meta_of(backbone))))
    return path


@pytest.fixture
def same_maps(foreign, images):
    @torch.no_grad()
    def same(path: Path, net, **children: tuple) -> bool:
        ours = get_model(path).backbone.cpu()(images)[-1]
        return torch.equal(ours, foreign.maps(net, images, **children))

    return same


def test_the_network_of_every_layout_computes_the_same(layout, nets, foreign, same_maps, tmp_path):
    name, padding, content = layout
    net = nets[padding]
    torch.save(content(net.state_dict()), tmp_path / 'source.pth')
    before = (tmp_path / 'source.pth').read_bytes()

    backbone = load_backbone(tmp_path / 'source.pth')
    assert backbone.source.name == name
    assert len(backbone.state) == len(net.state_dict()) - 2  # fc
    children = dict(children=foreign.GENERATOR) if name == 'lightly-generator' else {}
    assert same_maps(converted(tmp_path / 'source.pth'), net, **children)
    assert (tmp_path / 'source.pth').read_bytes() == before
    assert any('padding' in note for note in backbone.notes) == (padding is not None)


def test_bottlenecks_compute_the_same(foreign, same_maps, tmp_path):
    net = foreign.network(make=resnet50)
    torch.save(net.state_dict(), tmp_path / 'source.pth')
    assert same_maps(converted(tmp_path / 'source.pth'), net)


@pytest.mark.parametrize(('depth', 'width'), [(18, 1), (18, 2), (50, 1)])
@torch.no_grad()
def test_the_networks_of_lightlys_own_generator_compute_the_same(depth, width, images, tmp_path):
    torch.manual_seed(0)
    net = ResNetGenerator(f'resnet-{depth}', width=width).eval()
    backbone = torch.nn.Sequential(*list(net.children())[:-1])
    state = {f'backbone.{name}': tensor for name, tensor in backbone.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'source.pth')
    ours = get_model(converted(tmp_path / 'source.pth')).cpu()
    wanted = backbone(images)
    assert (ours.backbone(images)[-1] - wanted).abs().max() < 1e-5 * wanted.abs().max()
    assert (ours(images) - wanted.mean((2, 3))).abs().max() < 1e-5
    with_relu = net.layer4(net.layer3(net.layer2(net.layer1(net.bn1(net.conv1(images)).relu()))))
    assert (with_relu - wanted).abs().max() > 1e-2 * wanted.abs().max()


def test_the_padding_of_lightlys_own_generator_is_known(nets, foreign, tmp_path):
    state = foreign.numbered(nets[1].state_dict(), foreign.GENERATOR, 'shortcut')
    torch.save(state, tmp_path / 'source.pth')
    assert str(load_backbone(tmp_path / 'source.pth')).startswith('ResNet-18, 3x3 stem without')
    assert (
        load_backbone(converted(tmp_path / 'source.pth')).config['type'].endswith('GeneratorResNet')
    )
    with pytest.raises(InputError, match='pads its stem by 1: leave --stem-padding out'):
        load_backbone(tmp_path / 'source.pth', stem_padding=2)


def test_a_wider_network_is_known_by_its_shapes(tmp_path):
    torch.save(resnet50(width_per_group=128).state_dict(), tmp_path / 'source.pth')
    backbone = load_backbone(tmp_path / 'source.pth')
    wide = dict(type='mmpretrain.ResNet', depth=50, base_channels=128, expansion=2)
    assert backbone.config == wide
    assert str(backbone) == 'ResNet-50, 7x7 stem, base width 128, 3 input channels'


def test_safetensors_and_half_precision_are_read(nets, tmp_path):
    state = nets[None].state_dict()
    half = {k: v.bfloat16() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, tmp_path / 'a.safetensors')
    backbone = load_backbone(tmp_path / 'a.safetensors')
    assert backbone.notes == ['converted from torch.bfloat16 to float32.']
    assert torch.equal(backbone.state['conv1.weight'], half['conv1.weight'].float())
    (tmp_path / 'b.safetensors').write_bytes(b'no header')
    with pytest.raises(InputError, match='is damaged or no safetensors file'):
        load_backbone(tmp_path / 'b.safetensors')


def test_the_format_of_torch_before_1_6_is_read(nets, foreign, same_maps, tmp_path):
    state = foreign.old(nets[None].state_dict())
    torch.save(state, tmp_path / 'source.pth', _use_new_zipfile_serialization=False)
    backbone = load_backbone(tmp_path / 'source.pth')
    assert backbone.notes == ['20 num_batches_tracked are missing (old files): set to 0.']
    assert backbone.matched == 100
    assert same_maps(converted(tmp_path / 'source.pth'), nets[None])


@pytest.mark.parametrize('padding', [None, 1, 2])
def test_mm_to_torchvision_and_back_is_the_same_to_the_bit(padding, nets, foreign, tmp_path):
    net = nets[padding]
    torch.save(foreign.mm(net.state_dict()), tmp_path / 'source.pth')
    there = converted(tmp_path / 'source.pth', 'torchvision')
    missing, unexpected = net.load_state_dict(torch.load(there), strict=False)
    assert (missing, unexpected) == (['fc.weight', 'fc.bias'], [])
    back = torch.load(converted(there, stem_padding=padding))['state_dict']
    wanted = foreign.prefixed(net.state_dict(), '')
    assert list(back) == list(wanted)
    assert all(torch.equal(back[name], wanted[name]) for name in wanted)


def test_what_an_mm_file_says_of_itself_is_kept(nets, foreign, tmp_path):
    torch.save(foreign.solo(nets[2].state_dict()), tmp_path / 'source.pth')
    first = converted(tmp_path / 'source.pth')
    backbone = load_backbone(first)
    assert backbone.config['type'] == 'mmbarlow.SoloResNet'
    assert backbone.notes == []  # the padding is known now
    meta = meta_of(backbone)
    assert meta == torch.load(first)['meta']
    assert (meta['pretrain_config'], meta['model']) == ('solo-learn-resnet18',) * 2


def test_a_view_is_written_without_what_it_is_a_view_of(nets, tmp_path):
    flat = torch.zeros(10_000_000)
    state = nets[None].state_dict()
    state['conv1.weight'] = flat[: 64 * 3 * 49].view(64, 3, 7, 7)
    torch.save(state, tmp_path / 'source.pth')
    size = converted(tmp_path / 'source.pth').stat().st_size
    assert size < 50_000_000 < (tmp_path / 'source.pth').stat().st_size


def without(name: str):
    return lambda state: {k: v for k, v in state.items() if not k.startswith(name)}


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        (without('layer3.1.bn2.running_m'), r'1 tensors missing .*layer3.1.bn2.running_mean'),
        (without('layer2.0.downsample.0'), r'1 tensors missing .*\(layer2.0.downsample.0.weight\)'),
        (without('conv1'), 'no convolution conv1.weight'),
        (without('layer4.1'), '2-2-2-1 basic blocks'),
        (lambda s: s | {'layer1.0.se.fc.weight': torch.ones(1)}, r'left over \(layer1.0.se.fc'),
        (lambda s: s | {'bn1.weight': torch.ones(1)}, r'1 tensors of another shape \(bn1.weight\)'),
        (lambda s: s | {'conv1.weight': torch.ones(64, 3, 5, 5)}, 'a stem of 5x5'),
        (lambda s: without('conv1')(s) | {'conv1.0.weight': torch.ones(1)}, 'has a deep stem'),
        (
            lambda s: (
                {f'{p}.{k}': v for k, v in s.items() for p in ('backbone', 'encoder')}
                | {'classifier.weight': torch.ones(1)}
            ),
            'has two backbones',
        ),
        (
            lambda s: {'cls_token': torch.ones(1), 'blocks.0.attn.qkv.weight': torch.ones(1)},
            'no known layout of a ResNet; it begins with cls_token, blocks.0.attn.qkv.weight',
        ),
        (
            lambda s: dict(meta={}, state_dict={'backbone.cls_token': torch.ones(1)}),
            'no known layout of a ResNet; it begins with backbone.cls_token',
        ),
        (lambda s: dict(epoch=1), 'no known layout of a ResNet; it begins with epoch'),
        (lambda s: {}, 'it begins with nothing'),
    ],
)
def test_what_is_no_complete_resnet_is_refused(change, says, nets, tmp_path):
    torch.save(change(dict(nets[None].state_dict())), tmp_path / 'source.pth')
    with pytest.raises(InputError, match=says):
        load_backbone(tmp_path / 'source.pth')


def test_groups_are_refused(tmp_path):
    torch.save(resnext50_32x4d().state_dict(), tmp_path / 'source.pth')
    with pytest.raises(InputError, match='16 tensors of another shape .* no groups'):
        load_backbone(tmp_path / 'source.pth')
