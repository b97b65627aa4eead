"""The description of a network that comes with a checkpoint builds networks and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmbarlow.errors import InputError
from mmbarlow.models.allowance import allowance
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import PERMITTED, parse_encoder

ROOT = Path(__file__).parents[2]

NETWORK = dict(
    backbone=dict(type='mmpretrain.ResNet', depth=18, norm_cfg=dict(type='BN')),
    data_preprocessor=dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[0.0], std=[1.0]),
)


def test_networks_layers_and_preprocessors_pass_as_they_are():
    assert parse_encoder(json.dumps(NETWORK)) == NETWORK


def test_where_to_get_other_weights_is_dropped():
    pretrained = dict(type='Pretrained', checkpoint='elsewhere.pth')
    backbone = dict(NETWORK['backbone'], init_cfg=[pretrained])
    assert parse_encoder(json.dumps(dict(NETWORK, backbone=backbone))) == NETWORK


@pytest.mark.parametrize(
    'kind',
    [
        'subprocess.run',
        'mmengine.load',
        'mmpretrain.get_model',
        'eval',
        'torch.nn.Linear',
        3,
        ['a'],
    ],
)
@pytest.mark.parametrize('where', ['backbone', 'norm_cfg', 'stages'])
def test_whatever_else_can_be_called_is_refused(kind, where):
    bad = dict(type=kind)
    backbone = dict(
        backbone=bad,
        norm_cfg=dict(NETWORK['backbone'], norm_cfg=bad),
        stages=dict(NETWORK['backbone'], stages=[[bad]]),
    )[where]
    with pytest.raises(InputError, match='which is no network or layer of OpenMMLab'):
        parse_encoder(json.dumps(dict(backbone=backbone)))


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"backbone": "x"}', None])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(InputError, match='description of its network cannot be read'):
        parse_encoder(text)


@pytest.mark.parametrize(
    'more',
    [
        dict(pretrained='resnet18'),
        dict(tokenizer_path='name'),
        dict(checkpoint='name'),
        dict(checkpoint_path=None),
        dict(ann_file='name'),
        dict(data_root='name'),
        dict(style='http://a'),
        dict(style='a.pth'),
        dict(style='~'),
        dict(style='C:'),
        dict(out_indices=[0, ['/etc/passwd']]),
        dict(norm_cfg=dict(type='BN', path='name')),
        dict(_scope_='os'),
        dict(_delete_=True),
    ],
)
def test_arguments_that_may_read_something_are_refused(more):
    backbone = dict(NETWORK['backbone'], **more)
    with pytest.raises(InputError, match='it is not used. Give the pretraining config'):
        parse_encoder(json.dumps(dict(NETWORK, backbone=backbone)))


@pytest.mark.parametrize(
    'kind', ['mmpretrain.CLIPGenerator', 'mmdet.ResNet', 'mmpretrain.TIMMBackbone', 'mmengine.BN']
)
def test_registered_networks_that_could_fetch_are_not_permitted(kind):
    with pytest.raises(InputError, match='Give the pretraining config'):
        parse_encoder(json.dumps(dict(backbone=dict(type=kind))))


IMAGES = [
    dict(channels=1, range=[0, 4095]),
    dict(range=[[-1e9, 4.3e9], [0.0, 0.5]]),
    dict(channels=5, range='dtype'),
]


@pytest.mark.parametrize('images', IMAGES)
def test_channels_and_range_of_images_come_back(images):
    assert parse_encoder(json.dumps(dict(NETWORK, images=images)))['images'] == images


@pytest.mark.parametrize(
    'images',
    [
        dict(path='/etc/passwd'),
        dict(range='/etc/passwd'),
        dict(range=[dict(type='open')]),
        dict(channels=10**9),
        [1],
        'x',
    ],
)
def test_anything_else_of_images_is_refused(images):
    with pytest.raises(InputError, match='the pretraining config'):
        parse_encoder(json.dumps(dict(NETWORK, images=images)))


AUDITED = """
import sys, warnings
warnings.simplefilter('ignore')
from mmengine.registry import init_default_scope
import mmbarlow.registered
from measure.backbone_families import OF_MMPRETRAIN
from mmbarlow.models.allowance import allowance
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import LIMITED, NETWORKS, PERMITTED, PREPROCESSORS
from mmbarlow.registry import MODELS
init_default_scope('mmpretrain')
ARGUMENTS = {
    'BN': [8], 'BN1d': [8], 'BN2d': [8], 'SyncBN': [8], 'GN': [2, 8], 'LN': [8], 'LN2d': [8],
    'IN': [8], 'Conv2d': [3, 8, 1], 'Conv': [3, 8, 1],
}
NEEDED = {f.name: dict(f.config(tiny=True)) for f in OF_MMPRETRAIN if f.name != 'LeNet5'}
for arguments in NEEDED.values():
    del arguments['type']
NEEDED |= {
    'OtherChannels': dict(in_channels=4, backbone=dict(type='mmpretrain.VGG', depth=11)),
    'ResNet': dict(depth=18), 'ResNetV1c': dict(depth=18), 'ResNetV1d': dict(depth=18),
    'ResNet_CIFAR': dict(depth=18), 'PooledResNet': dict(depth=18), 'SoloResNet': dict(depth=18),
    'GeneratorResNet': dict(depth=18),
    'ResNeXt': dict(depth=50), 'SEResNet': dict(depth=50), 'SEResNeXt': dict(depth=50),
    'VGG': dict(depth=11), 'RegNet': dict(arch='regnetx_400mf'),
    'BatchTwinViews': dict(size=32, view_a={}, view_b={}, mean=[0.0] * 3, std=[1.0] * 3),
    'PackedTwinViews': dict(mean=[0.0] * 3, std=[1.0] * 3),
    'BatchMultiViews': dict(size=32, global_views=[{}, {}], mean=[0.0] * 3, std=[1.0] * 3),
    'ChannelsPreprocessor': dict(mean=[0.0], std=[1.0]),
}
# This imports the packages, which may read what they like.
KINDS = PERMITTED | LIMITED.keys() - {'mmpretrain.TIMMBackbone'}
found = {kind: MODELS.get(kind) or MODELS.get(f'mmpretrain.{kind}') for kind in KINDS}

def watch(event, arguments):
    if event == 'open' and not str(arguments[0]).startswith((sys.prefix, sys.base_prefix, PACKAGE)):
        raise SystemExit(f'{KIND} opens {arguments[0]}')
    if event.split('.')[0] in ('socket', 'subprocess', 'pickle', 'os') and event not in LISTING:
        raise SystemExit(f'{KIND} causes {event} {arguments}')

PACKAGE, LISTING = sys.argv[1], ('os.listdir', 'os.scandir')
sys.addaudithook(watch)
for KIND, cls in sorted(found.items()):
    name = KIND.split('.')[-1]
    network = cls(*ARGUMENTS.get(name, []), **NEEDED.get(name, {}))
    if KIND in NETWORKS and hasattr(network, 'init_weights'):
        network.init_weights()
print(len(found) - len(LIMITED) + 1)
"""


def test_nothing_that_is_permitted_reads_fetches_or_starts_anything():
    done = subprocess.run(
        [sys.executable, '-c', AUDITED, str(ROOT)],
        env=dict(os.environ, PYTHONPATH=f'{ROOT}:{ROOT}/tools/speed', OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) == len(PERMITTED)


def test_timm_gets_the_name_of_a_network_and_the_size_of_images_alone():
    named = dict(type='mmpretrain.TIMMBackbone', model_name='vit_tiny_patch16_224', img_size=32)
    assert parse_encoder(json.dumps(dict(backbone=named)))['backbone'] == named
    assert parse_encoder(json.dumps(dict(backbone=named | dict(in_channels=4))))
    for more in (dict(norm_layer='os'), dict(features_only=True), dict(pretrained=True)):
        with pytest.raises(InputError, match='Give the pretraining config'):
            parse_encoder(json.dumps(dict(backbone=named | more)))
    for name in ('hf-hub:somebody/net', 'local-dir:/tmp/net'):
        with pytest.raises(InputError, match='path or an address'):
            parse_encoder(json.dumps(dict(backbone=named | dict(model_name=name))))


@pytest.mark.parametrize(
    ('kind', 'good', 'bad'),
    [
        ('LeViT', dict(arch='128s', img_size=64), dict(img_size=4096)),
        ('LeViT', dict(arch='192'), dict(arch=dict(embed_dims=[8], depths=[1]))),
        ('LeViT', dict(arch='128s'), dict(patch_size=1)),
        ('TinyViT', dict(img_size=[64, 64]), dict(window_size=[60000, 7, 14, 7])),
        ('T2T_ViT', dict(img_size=64, in_channels=4), dict(t2t_cfg=dict(embed_dims=8))),
    ],
)
def test_networks_whose_numbers_cost_time_have_some_of_their_arguments_alone(kind, good, bad):
    backbone = dict(type=f'mmpretrain.{kind}', **good)
    assert parse_encoder(json.dumps(dict(backbone=backbone)))['backbone'] == backbone
    with pytest.raises(InputError, match='Give the pretraining config'):
        parse_encoder(json.dumps(dict(backbone=backbone | bad)))


def test_positions_that_are_compared_in_pairs_count_as_numbers():
    few = dict(weight=torch.zeros(10))
    swin = dict(type='mmpretrain.SwinTransformer', window_size=20000)
    with pytest.raises(InputError, match='far more numbers'), allowance(few):
        Encoder(swin)
