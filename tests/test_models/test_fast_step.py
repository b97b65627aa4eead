"""Layout and compilation of the network change its speed, not its numbers."""

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters
from torch.nn.parallel import DistributedDataParallel

from mmbarlow.config import load_config
from mmbarlow.engine.lars import LARS
from mmbarlow.registry import MODELS

BACKEND = 'aot_eager'  # traces as inductor does, and needs no C++ compiler


def build(**options):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='mmbarlow.BarlowTwins',
            # Half of ResNet-18, so that compiling takes seconds. With 4 channels, channels_last and
            # a CPU, torch 2.11 writes past the end of a buffer.
            backbone=dict(
                type='mmpretrain.ResNet_CIFAR',
                depth=18,
                base_channels=8,
                stem_channels=8,
                num_stages=2,
                strides=(1, 2),
                dilations=(1, 1),
                out_indices=(1,),
            ),
            neck=dict(
                type='mmbarlow.BarlowTwinsNeck', in_channels=16, hid_channels=16, out_channels=16
            ),
            head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=16),
            **options,
        )
    )


def views(step: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(step)
    return list(torch.randn(2, 16, 3, 16, 16, generator=generator))


def curve(model, steps: int, autocast: bool = False) -> torch.Tensor:
    """Losses of a training run on batches that come again after four steps."""
    inner = model.module if isinstance(model, DistributedDataParallel) else model
    optimizer = LARS(inner.parameters(), lr=0.5, weight_decay=1e-4)
    losses = []
    for step in range(steps):
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=autocast):
            loss = sum(model(views(step % 4), mode='loss').values())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    return torch.stack(losses)


def test_channels_last_and_contiguous_agree_in_fp32():
    plain, last = build(), build(channels_last=True)
    assert last.backbone.layer1[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)
    last.load_state_dict(plain.state_dict())  # which leaves the layout as it is
    assert last.backbone.layer1[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)
    seen = []
    last.backbone.layer1.register_forward_hook(lambda module, args, out: seen.append(out))
    results = []
    for model in (plain, last):
        loss = sum(model(views(), mode='loss').values())
        loss.backward()
        grads = torch.cat([p.grad.flatten() for p in model.parameters()])
        results.append((loss.detach(), grads, model.extract_feat(views()[0]).detach()))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    for one, other in zip(*results, strict=True):
        assert torch.linalg.vector_norm(one - other) <= 1e-4 * torch.linalg.vector_norm(one)


def test_a_compiled_step_has_the_loss_curve_of_a_plain_one_and_compiles_once():
    torch._dynamo.reset()
    counters.clear()
    expected = curve(build(), 20)
    losses = curve(build(compile=dict(backend=BACKEND)), 20)
    assert torch.allclose(losses, expected, rtol=1e-3)
    assert expected[-1] < 0.9 * expected[0]
    # Backbone and projector, each in one piece and for both views, and never again.
    assert counters['stats']['unique_graphs'] == 2
    assert not counters['graph_break']


def test_ddp_takes_a_compiled_model(tmp_path):
    torch._dynamo.reset()
    counters.clear()
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    try:
        model = DistributedDataParallel(build(compile=dict(backend=BACKEND)))
        losses = curve(model, 2, autocast=True)
    finally:
        torch.distributed.destroy_process_group()
    assert torch.allclose(losses, curve(build(), 2, autocast=True), rtol=2e-2)
    assert counters['stats']['unique_graphs'] == 2
    assert not counters['graph_break']


def test_what_is_checkpointed_does_not_depend_on_compilation():
    compiled = build(compile=dict(backend='eager'))
    compiled(views(), mode='loss')
    assert set(compiled.compiled) == {'backbone', 'neck'}
    assert list(compiled.state_dict()) == list(build().state_dict())


def test_compile_at_the_top_of_a_config_is_the_models(digits_config):
    """Where MMEngine has it, and where it would compile hooks and optimizer along."""
    cfg = load_config(digits_config, {'compile': True})
    assert cfg.model.compile is True
    assert 'compile' not in cfg


@pytest.mark.parametrize('compile', [False, True])
def test_evaluation_runs_the_network_as_it_is(compile):
    model = build(compile=compile).eval()
    called = []
    model._stage = lambda name: called.append(name) or nn.Identity()
    model.extract_feat(views()[0])
    assert not called
