"""A pretrained ResNet-50 arrives in a detector whole, or is refused."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.resnet_weights import load_resnet
from mmbarlow.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs' / 'benchmarks'
C4 = CONFIGS / 'voc_detection' / 'faster-rcnn-c4_voc0712.py'
FPN = CONFIGS / 'coco_detection' / 'mask-rcnn-fpn_coco.py'


def resnet(depth: int) -> nn.Module:
    """A backbone with numbers everywhere, so that no tensor equals its start."""
    init_default_scope('mmengine')
    torch.manual_seed(depth)
    model = MODELS.build(dict(type='mmpretrain.ResNet', depth=depth, out_indices=(2, 3)))
    for name, tensor in model.state_dict().items():
        if name.endswith('num_batches_tracked'):
            tensor.fill_(7)
        else:
            tensor.uniform_(0.5, 1.5).mul_(0.05 if tensor.ndim == 4 else 1)
    model.eval()  # mmpretrain's returns nothing from it
    return model


@pytest.fixture(scope='module')
def pretrained() -> nn.Module:
    return resnet(50)


@pytest.fixture(scope='module')
def detectors() -> dict[str, nn.Module]:
    init_default_scope('mmengine')
    models = {path: MODELS.build(load_config(path).model) for path in (C4, FPN)}
    for model in models.values():
        model.eval()
    return dict(c4=models[C4], fpn=models[FPN])


def test_all_318_tensors_arrive_and_res5_computes_what_it_did(pretrained, detectors):
    detector, state = detectors['c4'], pretrained.state_dict()
    extra = detector.roi_head.shared_head.norm.weight.clone()
    load_resnet(detector, state)
    assert len(state) == 318
    assert {*differing(detector.backbone, state), *res5_differing(detector, state)} == set()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        wanted_c4, wanted_c5 = pretrained(images)
        (c4,) = detector.backbone(images)
        c5 = detector.roi_head.shared_head.layer4(c4)
    torch.testing.assert_close(c4, wanted_c4)
    torch.testing.assert_close(c5, wanted_c5)
    assert torch.equal(extra, detector.roi_head.shared_head.norm.weight)


@pytest.mark.parametrize('name', ['conv1.weight', 'bn1.running_var', 'layer4.2.bn3.bias'])
def test_one_changed_tensor_is_noticed(pretrained, detectors, name):
    state = {k: v.clone() for k, v in pretrained.state_dict().items()}
    load_resnet(detectors['c4'], state)
    state[name].view(-1)[0] += 1e-3
    found = differing(detectors['c4'].backbone, state) + res5_differing(detectors['c4'], state)
    assert found == [name]


def differing(backbone: nn.Module, state: dict) -> list[str]:
    own = backbone.state_dict()
    assert set(own) == {k for k in state if not k.startswith('layer4')}
    return [name for name, tensor in own.items() if not torch.equal(tensor, state[name])]


def res5_differing(detector: nn.Module, state: dict) -> list[str]:
    own = detector.roi_head.shared_head.layer4.state_dict()
    wanted = {k.removeprefix('layer4.'): v for k, v in state.items() if k.startswith('layer4.')}
    assert set(own) == set(wanted)
    return [f'layer4.{name}' for name in own if not torch.equal(own[name], wanted[name])]


def test_an_fpn_detector_has_all_of_it_in_its_backbone(pretrained, detectors):
    load_resnet(detectors['fpn'], pretrained.state_dict())
    own = detectors['fpn'].backbone.state_dict()
    assert len(own) == 318
    assert all(torch.equal(own[name], t) for name, t in pretrained.state_dict().items())


@pytest.mark.parametrize('kind', ['c4', 'fpn'])
@pytest.mark.parametrize(
    ('change', 'says'),
    [
        (
            lambda state: {k: v for k, v in state.items() if not k.startswith('layer4')},
            r'60 tensors missing in the checkpoint \(layer4\.0\.conv1\.weight\) of 318.*res5',
        ),
        (lambda state: resnet(18).state_dict(), r'missing in the checkpoint.*of another shape'),
        (lambda state: resnet(101).state_dict(), r'306 tensors left over \(layer3\.6\.'),
        (
            lambda state: {f'module.encoder_q.{k}': v for k, v in state.items()},
            r"begin with 'module\.encoder_q\.': remove the prefix",
        ),
        (lambda state: {}, r'318 tensors missing in the checkpoint \(conv1\.weight\)'),
        (
            lambda state: {**state, 'fc.weight': torch.zeros(3, 2048)},
            r'1 tensors left over \(fc\.weight\)',
        ),
    ],
    ids=['no res5', 'ResNet-18', 'ResNet-101', 'prefix', 'nothing', 'classifier'],
)
def test_what_does_not_fit_is_named_and_nothing_changes(pretrained, detectors, kind, change, says):
    before = {k: v.clone() for k, v in detectors[kind].state_dict().items()}
    with pytest.raises(InputError, match=says):
        load_resnet(detectors[kind], change(pretrained.state_dict()))
    assert all(torch.equal(before[k], v) for k, v in detectors[kind].state_dict().items())
