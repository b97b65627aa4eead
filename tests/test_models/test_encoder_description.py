"""The description of a network that comes with a checkpoint builds networks and nothing else."""

import json

import pytest

from mmbarlow.errors import InputError
from mmbarlow.models.encoder_description import parse_encoder

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
