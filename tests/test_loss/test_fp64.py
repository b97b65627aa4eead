"""On a device without fp64 the loss is the same number, and no fp64 tensor is there."""

from contextlib import nullcontext

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmbarlow.loss import barlow_twins_loss, cost, fp64

SHAPES = pytest.mark.parametrize(('N', 'D', 'form'), [(6, 40, 'direct'), (6, 40, 'gram')] + [
    (32, 64, 'gram'), (64, 16, 'direct')])  # fmt: skip


class WithoutFP64(TorchDispatchMode):
    """Refuses fp64 on the device 'meta', which stands for Apple's; what leaves it becomes ones."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = [x for x in tree_leaves(args) if isinstance(x, torch.Tensor)]
        copies = func in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
        if copies and str(kwargs.get('device')) == 'cpu' and leaves[0].is_meta:
            return torch.ones(leaves[0].shape, dtype=kwargs.get('dtype') or leaves[0].dtype)
        out = func(*args, **kwargs)
        for x in tree_leaves(out):
            if isinstance(x, torch.Tensor) and x.is_meta and x.dtype == torch.float64:
                raise TypeError(f'{func} makes float64, which this device does not have.')
        return out


@SHAPES
def test_no_fp64_tensor_is_made_there_forward_or_backward(N, D, form, monkeypatch):
    monkeypatch.setattr(fp64, 'WITHOUT_FP64', {'meta'})
    monkeypatch.setattr(cost, 'BLOCK', 0)  # the cached form is for the caches of CPUs
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())  # it has no 'meta'
    views = [torch.ones(N, D, device='meta', requires_grad=True) for _ in 'ab']
    with WithoutFP64():
        loss = barlow_twins_loss(*views, form=form)
        assert (loss.device.type, loss.dtype) == ('meta', torch.float32)
        loss.backward()
    assert all(z.grad is not None and z.grad.dtype == torch.float32 for z in views)


def test_the_stand_in_refuses_fp64():
    with WithoutFP64(), pytest.raises(TypeError, match='float64'):
        torch.ones(3, device='meta').double()


@SHAPES
def test_the_loss_and_its_gradient_are_those_of_other_devices(N, D, form, monkeypatch):
    torch.manual_seed(0)
    results = []
    z = torch.randn(2, N, D)
    for without in (set(), {'cpu'}):
        monkeypatch.setattr(fp64, 'WITHOUT_FP64', without)
        views = [v.clone().requires_grad_() for v in z]
        loss = barlow_twins_loss(*views, form=form)
        results.append([loss, *torch.autograd.grad(loss, views)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
