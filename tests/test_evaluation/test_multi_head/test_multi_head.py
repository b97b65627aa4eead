"""The multi-head benchmark: stem, grids, heads."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample

from mmbarlow.benchmarks.suites import find_benchmarks
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.multi_head.multi_head_accuracy import MultiHeadAccuracy
from mmbarlow.evaluation.multi_head.multi_linear_head import MultiLinearHead
from mmbarlow.evaluation.multi_head.multi_pooling import MultiPooling
from mmbarlow.evaluation.multi_head.stem_resnet import StemResNet
from mmbarlow.registry import MODELS


@pytest.mark.parametrize('kind', ['ResNet', 'ResNet_CIFAR', 'ResNetV1d'])
def test_stem_and_stages_are_those_of_the_network_itself(kind):
    own = dict(type=f'mmpretrain.{kind}', depth=18, out_indices=(0, 1, 2, 3))
    model = StemResNet(own).eval()
    images = torch.randn(2, 3, 64, 64)
    stem, *stages = model(images)
    for got, wanted in zip(stages, model.backbone(images), strict=True):
        assert torch.equal(got, wanted)
    if kind != 'ResNetV1d':
        net = model.backbone
        x = F.conv2d(images, net.conv1.weight, None, net.conv1.stride, net.conv1.padding)
        mean, var = net.bn1.running_mean, net.bn1.running_var
        wanted = F.batch_norm(x, mean, var, net.bn1.weight, net.bn1.bias).relu()
        torch.testing.assert_close(stem, wanted)
    assert stem.shape[-1] == (64 if kind == 'ResNet_CIFAR' else 32)
    assert stem.min() == 0


def test_a_backbone_without_a_stem_is_refused():
    with pytest.raises(InputError, match='RawPixels has no stem and stages'):
        StemResNet(dict(type='mmbarlow.RawPixels'))


def test_at_224_px_the_grids_and_widths_are_the_published_ones():
    sizes = ((64, 112), (256, 56), (512, 28), (1024, 14), (2048, 7))
    pooled = MultiPooling()(tuple(torch.randn(1, c, s, s) for c, s in sizes))
    assert [x.shape[-1] for x in pooled] == [12, 6, 4, 3, 2, 1]
    assert [x.numel() for x in pooled] == [9216, 9216, 8192, 9216, 8192, 2048]


def test_the_windows_are_the_published_ones():
    """Feature1's first window begins in four rows of padding, which count as zeros."""
    ones = tuple(torch.ones(1, 1, s, s) for s in (112, 56, 28, 14, 7))
    stem, *rest = MultiPooling()(ones)
    assert stem[0, 0, 0, 0] == pytest.approx(36 / 100)
    assert stem[0, 0, 5, 5] == pytest.approx(1)
    assert all(x.min() == x.max() == 1 for x in rest)
    ramp = torch.arange(14.0).expand(1, 1, 14, 14)  # windows of 8, every 3
    res4 = MultiPooling()((*ones[:3], ramp, ones[4]))[3]
    assert res4[0, 0, 0].tolist() == [3.5, 6.5, 9.5]


def test_smaller_maps_keep_the_grids_as_far_as_they_reach():
    for sizes, grids in (
        ((32, 32, 16, 8, 4), [12, 6, 4, 3, 2, 1]),
        ((16, 8, 4, 2, 1), [12, 6, 4, 2, 1, 1]),
    ):
        pooled = MultiPooling()(tuple(torch.randn(2, 3, s, s) for s in sizes))
        assert [x.shape[-1] for x in pooled] == grids
    with pytest.raises(InputError, match='takes the 5 maps'):
        MultiPooling()(tuple(torch.randn(2, 3, s, s) for s in (8, 4)))


def test_each_head_has_the_loss_and_gradient_it_would_have_alone():
    torch.manual_seed(0)
    shapes = [(4, 3, 3), (6, 2, 2), (6, 2, 2), (8, 1, 1), (8, 1, 1), (8, 1, 1)]
    head = MultiLinearHead(5, shapes)
    head.init_weights()
    weights = torch.cat([h[2].weight.detach().flatten() for h in head.heads.values()])
    assert weights.std() == pytest.approx(0.01, rel=0.1)
    assert not [n for n, _ in head.named_parameters() if n.split('.')[2] == '0']  # BN has none
    maps = tuple(torch.randn(16, *shape) * 3 + 1 for shape in shapes)
    samples = [DataSample().set_gt_label(i % 5) for i in range(16)]
    losses = head.loss(maps, samples)
    sum(losses.values()).backward()

    labels = torch.arange(16) % 5
    for (name, loss), x, module in zip(losses.items(), maps, head.heads.values(), strict=True):
        spread = x.var((0, 2, 3), unbiased=False, keepdim=True)
        x = (x - x.mean((0, 2, 3), keepdim=True)) / (spread + 1e-5).sqrt()
        weight = module[2].weight.detach().clone().requires_grad_()
        alone = F.cross_entropy(x.flatten(1) @ weight.T + module[2].bias.detach(), labels)
        alone.backward()
        assert loss.item() == pytest.approx(alone.item(), rel=1e-5), name
        torch.testing.assert_close(module[2].weight.grad, weight.grad)


def test_the_metric_has_a_column_for_each_head():
    metric = MultiHeadAccuracy()
    predictions = [dict(feature1=0, avgpool=1), dict(feature1=2, avgpool=1)]
    samples = [
        dict(gt_label=torch.tensor([1]), head_labels=labels) for labels in [*predictions] * 2
    ]
    metric.process({}, samples)
    assert metric.evaluate(4) == dict(feature1=0.0, avgpool=100.0)


def test_only_the_pooled_maps_that_are_named_come_out():
    maps = tuple(torch.randn(1, c, s, s) for c, s in ((4, 112), (4, 56), (4, 28), (4, 14), (4, 7)))
    average, res5 = MultiPooling(['avgpool', 'feature5'])(maps)
    torch.testing.assert_close(average.flatten(1), maps[-1].mean((2, 3)))
    torch.testing.assert_close(res5, F.avg_pool2d(maps[-1], 6, 1))
    with pytest.raises(InputError, match="MultiPooling has no 'res5': take feature1"):
        MultiPooling(['res5'])


@pytest.mark.parametrize(
    ('name', 'classes', 'inputs'),
    [('linear_places205', 205, [8192]), ('linear_inat18', 8142, [8192, 2048])],
)
def test_the_transfer_classifiers_are_those_of_vissl(name, classes, inputs):
    """Affine BN without decay, then a linear layer with it, on 2 x 2 cells of res5."""
    cfg = load_config(*find_benchmarks([name]))
    model = MODELS.build(cfg.model).train()
    heads = model.head.heads
    assert [head[2].in_features for head in heads.values()] == inputs
    assert [head[2].out_features for head in heads.values()] == [classes] * len(inputs)
    # PyTorch's initialization: uniform within 1 / sqrt(inputs)
    for head, width in zip(heads.values(), inputs, strict=True):
        assert head[2].weight.std().item() == pytest.approx((3 * width) ** -0.5, rel=0.01)

    groups = build_optim_wrapper(model, cfg.optim_wrapper).optimizer.param_groups
    decay = {id(p): group['weight_decay'] for group in groups for p in group['params']}
    assert {group['lr'] for group in groups} == {0.01}
    for bn, _, linear in heads.values():
        assert [decay[id(p)] for p in bn.parameters()] == [0, 0]
        assert [decay[id(p)] for p in linear.parameters()] == [5e-4, 5e-4]

    maps = [torch.randn(3, c, s, s) for c, s in ((64, 112), (256, 56), (512, 28), (1024, 14))]
    res5 = torch.randn(3, 2048, 7, 7)
    found = model.head(model.neck((*maps, res5)))
    for head, logits in zip(heads.values(), found.values(), strict=True):
        with torch.no_grad():
            x = F.avg_pool2d(res5.double(), *((6, 1) if head[2].in_features == 8192 else (7,)))
            x = (x - x.mean((0, 2, 3), keepdim=True)) / (
                x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5
            ).sqrt()
            x = x * head[0].weight.view(-1, 1, 1) + head[0].bias.view(-1, 1, 1)
            wanted = x.flatten(1) @ head[2].weight.double().T + head[2].bias.double()
        torch.testing.assert_close(logits.double(), wanted, rtol=1e-4, atol=1e-5)
