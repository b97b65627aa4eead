"""Any loss of the family as the head of a model."""

import pytest
import torch

from mmbarlow.errors import InputError
from mmbarlow.evaluation.measured_step import loss_facts
from mmbarlow.loss.family.loss_of_views import LossOfViews
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.criterion_head import CriterionHead
from mmbarlow.registry import MODELS

TERMS = dict(
    VICRegLoss={'invariance', 'variance', 'covariance'},
    HSICLoss={'invariance', 'redundancy'},
    WMSELoss={'invariance'},
    FroSSLLoss={'invariance', 'entropy'},
    VNELoss={'alignment', 'entropy'},
    MECLoss={'alignment', 'coding'},
    CorInfoMaxLoss={'invariance', 'log_det'},
    MMCRLoss={'centroids'},
    TiCoLoss={'invariance', 'contrast'},
    SIGRegLoss={'invariance', 'gaussian'},
)


def small_model(name: str, **changes) -> BarlowTwins:
    torch.manual_seed(0)
    cfg = dict(
        type='mmbarlow.BarlowTwins',
        backbone=dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=16, out_channels=8),
        head=dict(
            type='mmbarlow.CriterionHead', in_channels=8, criterion=dict(type=f'mmbarlow.{name}')
        ),
    )
    return MODELS.build(cfg | changes)


def views() -> list[torch.Tensor]:
    return [*torch.rand(2, 12, 3, 32, 32, generator=torch.Generator().manual_seed(1))]


@pytest.mark.parametrize('name', TERMS)
def test_a_model_learns_by_the_terms_of_the_loss(name):
    model = small_model(name)
    terms = model(views(), mode='loss')
    assert terms.keys() == {f'loss_{term}' for term in TERMS[name]}
    sum(terms.values()).backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert model.backbone.conv1.weight.grad.abs().sum() > 0
    assert loss_facts(model.head, terms, 12) == {}  # which are those of Barlow Twins alone


def test_chunks_leave_the_gradient_and_move_a_memory_once():
    """Without batch norm, which sees each chunk by itself."""
    neck = dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=16, out_channels=8, norm=False)
    found = []
    for chunk_size in (None, 5):
        model = small_model('CorInfoMaxLoss', neck=neck, chunk_size=chunk_size)
        model.backbone.eval()
        sum(model(views(), mode='loss').values()).backward()
        memory = model.state_dict()['head.criterion.memories.1.covariance']
        found.append((memory, model.neck.projector[0].weight.grad))
    for whole, chunked in zip(*found, strict=True):
        assert torch.norm(whole - chunked) < 1e-4 * torch.norm(whole)


@pytest.mark.parametrize('kind', ['mmbarlow.CrossCorrelationHead', 'mmbarlow.VICReg', None])
def test_what_is_no_loss_of_the_family_is_one_sentence_with_those_that_are(kind):
    with pytest.raises(InputError, match='no loss of the family: take one of .*VICRegLoss'):
        CriterionHead(8, dict(type=kind))


def test_embeddings_of_another_width_are_one_sentence():
    head = CriterionHead(8, dict(type='mmbarlow.VICRegLoss'))
    assert isinstance(head.criterion, LossOfViews)
    with pytest.raises(
        InputError, match="12 dimensions and the head 8: set the head's in_channels"
    ):
        head.loss(*torch.randn(2, 16, 12))
