"""Checkpoints as other code writes them, made from torchvision's networks."""

import argparse
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from torch import nn
from torchvision.models import resnet18

TORCHVISION = ('conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4')
GENERATOR = tuple(name for name in TORCHVISION if name not in ('relu', 'maxpool'))


def network(stem_padding: int | None = None, make=resnet18, **arguments) -> nn.Module:
    """A torchvision ResNet in eval mode with random weights and BN statistics; a 3x3 stem with
    that padding where one is given."""
    torch.manual_seed(0)
    net = make(**arguments)
    if stem_padding is not None:
        net.conv1 = nn.Conv2d(3, 64, 3, padding=stem_padding, bias=False)
        net.maxpool = nn.Identity()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            module.running_mean.normal_(std=0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked.fill_(7)
    return net.eval()


def maps(net: nn.Module, images: torch.Tensor, children: tuple = TORCHVISION) -> torch.Tensor:
    """The last feature maps of a torchvision ResNet, as `nn.Sequential` of some of its children."""
    return nn.Sequential(*map(net.get_submodule, children))(images)


@pytest.fixture(scope='session')
def images() -> torch.Tensor:
    return torch.randn(2, 3, 40, 40, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope='session')
def nets() -> dict:
    """ResNet-18 by the padding of its 3x3 stem; None for the 7x7 one."""
    return {padding: network(padding) for padding in (None, 1, 2)}


def prefixed(state: dict, prefix: str) -> dict:
    return {prefix + name: tensor for name, tensor in state.items() if not name.startswith('fc.')}


def official(state: dict) -> dict:
    """`main.py` of facebookresearch/barlowtwins: the state of the whole model under DDP."""
    model = prefixed(state, 'module.backbone.')
    model['module.projector.0.weight'] = torch.randn(8, 512)
    model['module.bn.running_mean'] = torch.zeros(8)
    return dict(epoch=3, model=model, optimizer=dict(state={}, param_groups=[dict(lr=0.2)]))


def vissl(state: dict) -> dict:
    model = dict(trunk=prefixed(state, '_feature_blocks.'), heads={'0.clf.weight': torch.ones(2)})
    base = dict(base_model=dict(model=model, meta=dict(loss=np.float64(3.5))))
    return dict(phase_idx=9, loss=dict(), classy_state_dict=base, dtype=np.dtype('float32'))


def lightning(state: dict) -> dict:
    return {
        'epoch': 9,
        'pytorch-lightning_version': '1.6.4',
        'state_dict': state,
        'hyper_parameters': argparse.Namespace(lr=0.1),
    }


def solo(state: dict, prefix: str = 'backbone.') -> dict:
    heads = {'projector.0.weight': torch.ones(2, 2), 'classifier.weight': torch.ones(2, 2)}
    return lightning(prefixed(state, prefix) | prefixed(state, f'momentum_{prefix}') | heads)


def lightly(state: dict) -> dict:
    heads = {'projection_head.layers.0.weight': torch.ones(2, 2)}
    return lightning(prefixed(state, 'backbone.') | heads)


def numbered(state: dict, children: tuple, shortcut: str = 'downsample') -> dict:
    """As of `nn.Sequential(*resnet.children())`, the backbone of lightly's examples."""
    named = {}
    for name, tensor in prefixed(state, '').items():
        child, rest = name.split('.', 1)
        rest = rest.replace('downsample', shortcut)
        named[f'backbone.{children.index(child)}.{rest}'] = tensor
    return lightning(named | {'projection_head.layers.0.weight': torch.ones(2, 2)})


def mm(state: dict) -> dict:
    """A training's checkpoint of MMEngine, with the objects of its logs."""
    hub = MessageHub.get_instance('convert')
    hub.update_scalar('train/loss', 1.5)
    model = prefixed(state, 'backbone.') | {'neck.fc0.weight': torch.ones(2, 2)}
    return dict(meta=dict(epoch=1, cfg='...'), state_dict=model, message_hub=hub.state_dict())


def old(state: dict) -> dict:
    """Before torch 0.4.1 BN had no counters."""
    return OrderedDict((k, v) for k, v in state.items() if 'num_batches' not in k)


# name: (layout as named by the tool, padding of the stem, writer of the content)
LAYOUTS = {
    'official backbone': ('torchvision', None, lambda s: prefixed(s, '')),
    'official checkpoint': ('barlowtwins-official', None, official),
    'vissl': ('vissl', None, vissl),
    'solo-learn': ('solo-learn', 2, solo),
    'solo-learn, ImageNet stem': ('solo-learn', None, solo),
    'solo-learn, old': ('solo-learn', 2, lambda s: solo(s, 'encoder.')),
    'lightly': ('lightly', None, lightly),
    'lightly, children': ('lightly', None, lambda s: numbered(s, TORCHVISION)),
    'lightly, generator': (
        *('lightly-generator', 1),
        lambda s: numbered(s, GENERATOR, 'shortcut'),
    ),
    'mmselfsup': ('mm', None, mm),
    'mmselfsup, 3x3': ('mm', 1, mm),
    'mmselfsup, backbone': ('mm', None, lambda s: dict(meta={}, state_dict=prefixed(s, ''))),
    'torchvision': ('torchvision', None, dict),
    'torchvision under DDP': (
        'torchvision',
        None,
        lambda s: dict(model=prefixed(s, 'module.')),
    ),
    'torchvision, old': ('torchvision', None, old),
}


@pytest.fixture(params=LAYOUTS)
def layout(request) -> tuple:
    return LAYOUTS[request.param]


@pytest.fixture(scope='session')
def foreign() -> SimpleNamespace:
    """What the tests of this folder make other code's files with."""
    makers = dict(network=network, prefixed=prefixed, mm=mm, solo=solo, old=old, numbered=numbered)
    return SimpleNamespace(maps=maps, GENERATOR=GENERATOR, official=official, vissl=vissl, **makers)
