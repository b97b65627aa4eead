import numpy as np
import pytest
import torch
from torch import nn

from mmbarlow.evaluation.accuracy import both_accuracies
from mmbarlow.evaluation.attentive import EfficientProbe, attentive_scores
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.evaluation.place_features import PlaceFeatures, balanced
from mmbarlow.models.encoder import Encoder


def hidden_classes(n: int, seed: int) -> Features:
    """Tokens whose mean says nothing of the class: it stands in a token with a mark, and its
    opposite in one without."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (n,), generator=generator)
    x = 0.3 * torch.randn(n, 9, 16, generator=generator)
    places = torch.stack([torch.randperm(9, generator=generator)[:2] for _ in range(n)])
    signal = 2 * torch.eye(16)[labels]
    rows = torch.arange(n)
    x[rows, places[:, 0]] += signal
    x[rows, places[:, 0], 15] += 3.0
    x[rows, places[:, 1]] -= signal
    return Features(x.half(), labels)


def test_it_learns_what_the_mean_does_not_tell():
    train, test = hidden_classes(500, 0), hidden_classes(300, 1)
    scores = attentive_scores(train, test, 4)
    assert both_accuracies(scores.argmax(1), test.labels, 4)['top1'] > 95
    means = [Features(f.features.float().mean(1), f.labels) for f in (train, test)]
    assert LinearProbe(1.0)(*means)['top1'] < 40  # 25 by chance


def test_the_result_follows_from_the_seed_alone():
    train = hidden_classes(16, 0)
    torch.manual_seed(1)
    first = attentive_scores(train, train, 4)
    state = torch.get_rng_state()
    assert torch.equal(attentive_scores(train, train, 4), first)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(attentive_scores(train, train, 4, seed=1), first)


def test_queries_of_zero_make_it_a_linear_probe_on_the_mean():
    probe = EfficientProbe(16, 3)
    nn.init.zeros_(probe.queries)
    x = torch.randn(5, 7, 16)
    expected = probe.classify(nn.functional.layer_norm(x.mean(1), [16]))
    assert torch.allclose(probe(x), expected, atol=1e-5)


def test_attention_is_that_of_the_formula():
    probe, x = EfficientProbe(16, 3), torch.randn(5, 7, 16)
    nn.init.normal_(probe.queries)
    nn.init.normal_(probe.values)
    parts = []
    for query, value in zip(probe.queries, probe.values, strict=True):
        weights = (x @ query).softmax(1)
        parts.append((weights[..., None] * (x @ value.T)).sum(1))
    expected = probe.classify(nn.functional.layer_norm(torch.cat(parts, 1), [16]))
    assert torch.allclose(probe(x), expected, atol=1e-4)


@pytest.fixture
def network() -> Encoder:
    torch.manual_seed(0)
    backbone = dict(type='mmpretrain.ResNet_CIFAR', depth=18, stem_channels=8, base_channels=8)
    return Encoder(backbone, dict(type='mmpretrain.SelfSupDataPreprocessor')).eval()


@torch.no_grad()
def test_places_average_to_the_features_of_the_images(network):
    images, labels = torch.randn(10, 3, 32, 32), torch.arange(10) % 2
    with PlaceFeatures(network, labels, most=2**20) as places:
        features = torch.cat([network(x) for x in images.split(4)])
    found = places.found
    assert found is not None
    assert found.features.shape == (10, 16, 64)
    assert torch.allclose(found.features.float().mean(1), features, atol=1e-2)
    assert torch.equal(found.labels, labels)


@pytest.mark.parametrize('out_type', ['cls_token', 'avg_featmap', 'raw', 'featmap'])
@torch.no_grad()
def test_a_transformer_shows_its_patches_whatever_it_gives(out_type):
    torch.manual_seed(0)
    arch = dict(embed_dims=48, num_layers=2, num_heads=3, feedforward_channels=96)
    kind = dict(type='mmpretrain.VisionTransformer', arch=arch, img_size=32, patch_size=8)
    network = Encoder(
        kind | dict(out_type=out_type), dict(type='mmpretrain.SelfSupDataPreprocessor')
    ).eval()
    images = torch.randn(3, 3, 32, 32)
    with PlaceFeatures(network, torch.arange(3), most=2**20) as places:
        features = network(images)
    assert places.found is not None
    network.backbone.out_type = 'raw'
    tokens = network.backbone(images)[-1]
    assert torch.allclose(places.found.features.float(), tokens[:, 1:], atol=1e-2)
    if out_type in ('cls_token', 'raw'):
        assert torch.equal(features, tokens[:, 0])


@torch.no_grad()
def test_as_many_places_are_kept_as_there_is_memory_for(network):
    images, labels = torch.randn(10, 3, 32, 32), torch.arange(10) % 2
    with PlaceFeatures(network, labels, most=4 * 16 * 64 * 2) as places:
        features = torch.cat([network(x) for x in images.split(4)])
    assert places.found is not None
    assert places.found.labels.bincount().tolist() == [2, 2]
    means = places.found.features.float().mean(1)
    assert torch.allclose(means, features[places.index], atol=1e-2)


def test_a_choice_has_as_many_of_each_class_as_there_are():
    labels = torch.from_numpy(np.random.default_rng(0).permutation([0] * 50 + [1] * 3 + [2] * 20))
    index = balanced(labels, 15, 0)
    assert labels[index].bincount().tolist() == [6, 3, 6]
    assert index.tolist() == sorted(set(index.tolist()))
    assert torch.equal(index, balanced(labels, 15, 0))
    assert not torch.equal(index, balanced(labels, 15, 1))
    assert len(balanced(labels, 100, 0)) == 73
