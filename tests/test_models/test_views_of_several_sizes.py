"""Barlow Twins of more than two views: global ones by themselves, small ones of a size together."""

import copy

import pytest
import torch

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS

MODEL = dict(
    type='mmbarlow.BarlowTwins',
    backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18, base_channels=8, stem_channels=8),
    neck=dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=16, out_channels=16),
    head=dict(
        type='mmbarlow.CrossCorrelationHead', in_channels=16, pairs='global-any', global_views=2
    ),
)


def model(**changes) -> torch.nn.Module:
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(MODEL) | changes)


def views() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(6, 3, size, size, generator=generator) for size in (32, 32, 16, 24, 16)]


def test_embeddings_are_those_of_global_views_alone_and_of_local_ones_of_a_size_together():
    found, given = model(), views()
    z = found.embed_views(given)
    alone = model()
    expected = [alone.embed(given[0]), alone.embed(given[1])]
    third, fifth = alone.embed(torch.cat([given[2], given[4]])).chunk(2)
    expected += [third, alone.embed(given[3]), fifth]
    for one, other in zip(z, expected, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize('chunk_size', [None, 3])
def test_the_loss_is_that_of_the_pairs_and_every_view_has_a_gradient(chunk_size):
    network = model(chunk_size=chunk_size)
    given = [view.requires_grad_(chunk_size is None) for view in views()]
    terms = network(given, mode='loss')
    assert set(terms) == {'loss_invariance', 'loss_redundancy'}
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.neck.parameters())
    if chunk_size is None:
        assert all(view.grad.abs().sum() > 0 for view in given)


def test_a_head_of_two_views_says_so():
    head = dict(type='mmbarlow.CrossEntropyHead', in_channels=16)
    with pytest.raises(
        InputError, match='CrossEntropyHead compares two views of each image, got 5'
    ):
        model(head=head)(views(), mode='loss')
