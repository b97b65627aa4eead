"""The weights that mmdet's own `init_cfg` names: of this project, complete, or an error."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from mmbarlow.checkpoints import export_backbone
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


@pytest.fixture
def exported(tmp_path) -> Path:
    """As `ExportHook` writes it."""
    backbone = MODELS.build(dict(type='mmpretrain.ResNet', depth=50))
    encoder = json.dumps(dict(backbone=dict(type='mmpretrain.ResNet', depth=50)))
    export_backbone(backbone, dict(encoder=encoder), tmp_path / 'a.pth')
    return tmp_path / 'a.pth'


def built(path: Path, kind: str = 'mmdet.ResNet', **arguments) -> nn.Module:
    init = dict(type='Pretrained', checkpoint=str(path))
    return MODELS.build(dict(type=kind, depth=50, init_cfg=init) | arguments)


def test_an_exported_backbone_fills_mmdets_resnet_and_its_parts(exported):
    wanted = torch.load(exported)['state_dict']
    c4 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    res5 = dict(kind='mmdet.ResLayer', stage=3, stride=2, norm_cfg=dict(type='BN'))
    for module in (built(exported), built(exported, **c4), built(exported, **res5)):
        module.init_weights()
        own = module.state_dict()
        assert own
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in own.items())


def test_the_old_argument_of_mmdet_is_held_to_the_same(tmp_path):
    torch.save(resnet18().state_dict(), tmp_path / 'a.pth')
    with pytest.warns(UserWarning, match='pretrained is deprecated'):
        module = MODELS.build(
            dict(type='mmdet.ResNet', depth=50, pretrained=str(tmp_path / 'a.pth'))
        )
    with pytest.raises(InputError, match="its backbone is a ResNet-18, the config's a ResNet-50"):
        module.init_weights()


@pytest.mark.parametrize('change', [dict(style='caffe'), dict(depth=101), dict(deep_stem=True)])
def test_a_resnet_of_another_kind_is_an_error(change, exported):
    with pytest.raises(InputError, match='does not fit: '):
        built(exported, **change).init_weights()
