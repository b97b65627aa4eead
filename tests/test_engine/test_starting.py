"""Weights that a config names, before a run starts."""

import pytest

from mmbarlow.engine.starting import check_addresses
from mmbarlow.errors import InputError


def test_weights_at_an_address_are_named_with_the_key_that_leaves_them_out():
    weights = dict(type='Pretrained', checkpoint='torchvision://resnet50')
    with pytest.raises(InputError, match=r'model.backbone.init_cfg=None'):
        check_addresses(dict(backbone=dict(init_cfg=weights)), 'model')
    check_addresses(dict(backbone=dict(init_cfg=dict(weights, checkpoint='a.pth'))), 'model')
