"""Steps of LARS by its kernels against float64, for Triton's interpreter, which is a CPU's.

TRITON_INTERPRET=1 python tests/test_engine/lars_interpreted.py
"""

import torch

from mmbarlow.engine import lars_kernels

GROUP = dict(lr=0.3, momentum=0.9, weight_decay=1e-2, eta=1e-3)
SHAPES = [(40, 1000), (7,), (5, 4), (3, 4, 3, 3), (16384 * 2 + 5, 1), (4, 3)]


def tensors(generator: torch.Generator) -> list[torch.Tensor]:
    made = [torch.randn(shape, generator=generator) for shape in SHAPES]
    made[3] = made[3].contiguous(memory_format=torch.channels_last)
    return made


def in_float64(p, g, m):
    """A step by the formula of the official code."""
    p, g, m = p.double(), g.double(), m.double()
    if p.ndim > 1:
        g = g + GROUP['weight_decay'] * p
        if p.norm() > 0 and g.norm() > 0:
            g = g * (GROUP['eta'] * p.norm() / g.norm())
    m = GROUP['momentum'] * m + g
    return p - GROUP['lr'] * m, m


def steps_are_those_of_the_formula_to_a_millionth(lr) -> None:
    generator = torch.Generator().manual_seed(0)
    params, buffers = tensors(generator), tensors(generator)
    params[2].zero_()  # a norm of 0: the rate is not adapted
    fused = lars_kernels.FusedLARS()
    for _ in range(3):
        grads = tensors(generator)
        grads[5].zero_()
        kept = [g.clone() for g in grads]
        wanted = [in_float64(*x) for x in zip(params, grads, buffers, strict=True)]
        fused.step(params, grads, buffers, GROUP | dict(lr=lr), None)
        for p, m, (of_p, of_m) in zip(params, buffers, wanted, strict=True):
            assert torch.allclose(p.double(), of_p, rtol=1e-6, atol=1e-6)
            assert torch.allclose(m.double(), of_m, rtol=1e-6, atol=1e-6)
        assert all(map(torch.equal, grads, kept))


def a_mask_of_one_keeps_all_and_one_of_zero_changes_no_bit() -> None:
    results = []
    for mask in (None, torch.tensor(0.0), torch.tensor(1.0)):
        generator = torch.Generator().manual_seed(0)
        params, grads, buffers = (tensors(generator) for _ in range(3))
        before = [x.clone() for x in (*params, *buffers)]
        lars_kernels.FusedLARS().step(params, grads, buffers, GROUP, mask)
        results.append([*params, *buffers])
    assert all(map(torch.equal, results[0], results[1]))
    assert all(map(torch.equal, results[2], before))


if __name__ == '__main__':
    for lr in (GROUP['lr'], torch.tensor(GROUP['lr'])):
        steps_are_those_of_the_formula_to_a_millionth(lr)
    a_mask_of_one_keeps_all_and_one_of_zero_changes_no_bit()
