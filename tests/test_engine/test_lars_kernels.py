"""The kernels of LARS: in Triton's interpreter on a CPU, on a GPU, and where they fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mmbarlow.engine import lars, lars_kernels
from mmbarlow.engine.lars import LARS

ROOT = Path(__file__).parents[2]
SHAPES = [(40, 1000), (7,), (3, 4, 3, 3), (16384 * 2 + 5, 1)]


def test_interpreted_kernels_follow_the_formula_and_the_mask_in_a_process_of_their_own():
    """Triton decides when it is imported whether it interprets."""
    pytest.importorskip('triton')
    environment = dict(os.environ, TRITON_INTERPRET='1', PYTHONPATH=str(ROOT))
    script = Path(__file__).with_name('lars_interpreted.py')
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr


def test_where_triton_fails_torch_steps_instead_and_it_is_said_once(monkeypatch):
    """The tensor says that it is on a GPU."""
    said = []
    monkeypatch.setattr(lars, 'print_log', lambda text, *_: said.append(text))
    monkeypatch.setattr(lars_kernels.FusedLARS, 'step', lambda *_: 1 / 0)
    monkeypatch.setattr(torch.Tensor, 'is_cuda', True)
    p = nn.Parameter(torch.randn(3, 4, 3, 3))
    optimizer = LARS([p], lr=0.1, fused=True)
    p.grad, optimizer.state[p]['momentum_buffer'] = torch.ones_like(p), torch.zeros_like(p)
    for _ in range(2):
        assert not optimizer._step_fused([p], optimizer.param_groups[0])
    assert said == ['LARS does without Triton: division by zero']


@pytest.mark.gpu
def test_on_a_gpu_the_kernels_are_used_and_agree_with_torch():
    torch.manual_seed(0)
    values, grads = ([torch.randn(shape) for shape in SHAPES] for _ in range(2))
    results = []
    for fused in (True, False):
        params = [nn.Parameter(x.cuda()) for x in values]
        optimizer = LARS(params, lr=0.3, weight_decay=1e-2, fused=fused)
        for _ in range(3):
            for p, g in zip(params, grads, strict=True):
                p.grad = g.cuda()
            optimizer.step()
        assert bool(optimizer.tables) == fused
        results.append(params)
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)
