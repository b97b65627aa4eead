"""What the head, the neck and the algorithm accept, and what they say otherwise."""

import pytest
import torch

from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.projector import BarlowTwinsNeck
from mmbarlow.registry import MODELS


def small_model(**changes) -> BarlowTwins:
    cfg = dict(
        type='mmbarlow.BarlowTwins',
        backbone=dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', in_channels=64, hid_channels=16, out_channels=8),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8),
    )
    cfg.update(changes)
    return MODELS.build(cfg)


def test_the_scoped_name_builds_our_class_and_not_that_of_mmpretrain():
    assert type(small_model()).__module__ == 'mmbarlow.models.barlow_twins'


def test_the_projector_is_that_of_the_paper():
    projector = BarlowTwinsNeck(2048, 8192, 8192).projector
    assert [type(layer).__name__ for layer in projector] == (
        ['Linear', 'BatchNorm1d', 'ReLU'] * 2 + ['Linear']
    )
    assert [p.shape for p in projector.parameters() if p.ndim == 2] == [
        (8192, 2048),
        (8192, 8192),
        (8192, 8192),
    ]
    assert all(layer.bias is None for layer in projector if isinstance(layer, torch.nn.Linear))


def test_each_view_has_batch_statistics_of_its_own():
    """The running mean moves twice a step, once a view, and not once for both together."""
    model = small_model()
    model([torch.rand(4, 3, 32, 32), torch.rand(4, 3, 32, 32)], mode='loss')
    assert model.backbone.bn1.num_batches_tracked == 2


def test_the_mode_tensor_gives_the_pooled_representation():
    model = small_model().eval()
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(model(images), model.backbone(images)[-1].mean((2, 3)))


@pytest.mark.parametrize(
    ('inputs', 'mode', 'says'),
    [
        (torch.rand(4, 3, 32, 32), 'predict', "has the modes 'loss'"),
        (torch.rand(4, 3, 32, 32), 'loss', 'takes a list of views'),
        ([torch.rand(4, 3, 32, 32)], 'loss', 'takes two views of each image, got 1'),
        ([torch.rand(1, 3, 32, 32)] * 2, 'loss', 'a batch of 1 has no correlations'),
        ([torch.rand(4, 1, 32, 32)] * 2, 'loss', 'have 1 channel and the backbone takes 3'),
        (torch.rand(4, 4, 32, 32), 'tensor', 'have 4 channels and the backbone takes 3'),
    ],
)
def test_wrong_inputs_end_in_one_sentence(inputs, mode, says):
    with pytest.raises(InputError, match=says):
        small_model()(inputs, mode=mode)


def test_embeddings_that_do_not_fit_the_head_are_refused():
    head = CrossCorrelationHead(8)
    with pytest.raises(InputError, match='both be'):
        head.loss(torch.rand(4, 8), torch.rand(5, 8))
    with pytest.raises(InputError, match="in_channels to the neck's out_channels"):
        head.loss(torch.rand(4, 9), torch.rand(4, 9))
