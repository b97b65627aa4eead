"""The batch in chunks against the batch in one pass."""

import copy
import weakref

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmbarlow.engine.bf16 import BF16OptimWrapper
from mmbarlow.errors import InputError
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.projector import BarlowTwinsNeck
from mmbarlow.registry import MODELS


class Pixels(nn.Module):
    """A backbone of one convolution, with what is asked for between it and the features."""

    def __init__(self, extra: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.extra = extra

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.extra(self.conv(images)).tanh(),)


def model(extra: nn.Module, chunk_size: int | None = None) -> BarlowTwins:
    torch.manual_seed(0)
    cfg = dict(
        type='mmbarlow.BarlowTwins',
        backbone=dict(type='mmbarlow.RawPixels'),
        neck=dict(type='mmbarlow.BarlowTwinsNeck', in_channels=8, hid_channels=16, out_channels=24),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=24, lambd=0.05),
        chunk_size=chunk_size,
    )
    twins = MODELS.build(cfg)
    torch.manual_seed(0)
    twins.backbone = Pixels(copy.deepcopy(extra))
    twins.neck = BarlowTwinsNeck(8, 16, 24, num_layers=1)  # no BN here
    return twins


def views(n: int = 22) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(n, 3, 8, 8) for _ in 'ab']


def gradients(twins: BarlowTwins, images: list[Tensor]) -> tuple[float, Tensor]:
    torch.manual_seed(2)
    loss = sum(twins(images, mode='loss').values())
    loss.backward()
    return loss.item(), torch.cat([p.grad.flatten() for p in twins.parameters()])


def distance(got: Tensor, wanted: Tensor) -> float:
    return (torch.norm(got - wanted) / torch.norm(wanted)).item()


@pytest.mark.parametrize('chunk_size', [2, 5, 22, 100])
def test_without_bn_chunks_give_the_gradient_of_the_whole_batch(chunk_size):
    whole, wanted = gradients(model(nn.Identity()), views())
    loss, got = gradients(model(nn.Identity(), chunk_size), views())
    assert loss == pytest.approx(whole, rel=1e-6)
    assert distance(got, wanted) < 1e-5


def test_with_bn_each_chunk_of_each_view_is_standardized_by_itself():
    """The same as embedding the chunks one after the other in one graph."""
    reference, (view_a, view_b) = model(nn.BatchNorm2d(8)), views()
    pairs = zip(view_a.split(11), view_b.split(11), strict=True)
    z = [[reference.embed(chunk) for chunk in pair] for pair in pairs]
    sum(reference.head.loss(*map(torch.cat, zip(*z, strict=True))).values()).backward()
    wanted = torch.cat([p.grad.flatten() for p in reference.parameters()])

    chunked = model(nn.BatchNorm2d(8), chunk_size=11)
    assert distance(gradients(chunked, views())[1], wanted) < 1e-5
    for name, buffer in reference.named_buffers():
        assert torch.allclose(chunked.get_buffer(name), buffer), name


def test_running_statistics_count_every_chunk_of_every_view_once():
    twins = model(nn.BatchNorm2d(8), chunk_size=11)
    gradients(twins, views())
    assert twins.backbone.extra.num_batches_tracked == 4


def test_dropout_drops_the_same_in_both_passes():
    """Against one graph over all chunks, which draws the same numbers in the same order."""
    reference, (view_a, view_b) = model(nn.Dropout(0.5)), views()
    torch.manual_seed(2)
    pairs = zip(view_a.split(11), view_b.split(11), strict=True)
    z = [[reference.embed(chunk) for chunk in pair] for pair in pairs]
    sum(reference.head.loss(*map(torch.cat, zip(*z, strict=True))).values()).backward()
    after = torch.get_rng_state()

    _, got = gradients(model(nn.Dropout(0.5), chunk_size=11), views())
    wanted = torch.cat([p.grad.flatten() for p in reference.parameters()])
    assert distance(got, wanted) < 1e-5
    assert torch.equal(torch.get_rng_state(), after)  # the replay leaves no trace


@pytest.mark.parametrize('wrapper', [OptimWrapper, BF16OptimWrapper])
def test_a_train_step_in_chunks_moves_the_weights_as_one_in_one_pass(wrapper):
    """In bf16 too: both passes run under the same autocast, and the weights' gradients arrive."""
    weights = []
    for chunk_size in (None, 11):
        twins = model(nn.Identity(), chunk_size)
        before = torch.cat([p.detach().flatten() for p in twins.parameters()])
        optimizer = torch.optim.SGD(twins.parameters(), lr=0.01)
        twins.train_step(dict(inputs=views()), wrapper(optimizer))
        weights.append(torch.cat([p.detach().flatten() for p in twins.parameters()]) - before)
    assert distance(weights[1], weights[0]) < (1e-5 if wrapper is OptimWrapper else 2e-2)


def test_a_loss_scaler_sees_nothing_special():
    """What AmpOptimWrapper does: scale the loss, unscale the gradients."""
    _, wanted = gradients(model(nn.Identity(), 11), views())
    twins = model(nn.Identity(), 11)
    scaler = torch.amp.GradScaler('cpu', init_scale=2.0**10)
    optimizer = torch.optim.SGD(twins.parameters(), lr=0.01)
    scaler.scale(sum(twins(views(), mode='loss').values())).backward()
    scaler.unscale_(optimizer)
    got = torch.cat([p.grad.flatten() for p in twins.parameters()])
    assert distance(got, wanted) < 1e-5


def test_the_graph_of_a_chunk_is_gone_before_the_next_is_built():
    """Seen by the inputs of a layer, which nothing but its graph keeps."""
    kept, alive = [], []

    class Watched(nn.Identity):
        def forward(self, x):
            if x.requires_grad:
                alive.append(sum(ref() is not None for ref in kept))
                kept.append(weakref.ref(x))
            return x

    gradients(model(Watched(), chunk_size=6), views())
    assert alive == [0] * 8  # four chunks of two views


def test_a_chunk_of_one_image_is_refused():
    with pytest.raises(InputError, match='at least 2'):
        model(nn.Identity(), chunk_size=1)
