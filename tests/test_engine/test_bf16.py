"""Which type and which optimizer wrapper a device gets."""

import pytest
import torch

from mmbarlow.engine.bf16 import has_bf16, mixed_dtype, wrapper_for
from mmbarlow.registry import OPTIM_WRAPPERS


@pytest.mark.parametrize(('native', 'dtype'), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_gets_fp16_where_it_would_emulate_bf16(monkeypatch, native, dtype):
    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr('torch.cuda.is_bf16_supported', supported)
    assert has_bf16('cuda') is native
    assert mixed_dtype('cuda') is dtype


@pytest.mark.parametrize('native', [True, False])
def test_a_cpu_gets_bf16_also_where_it_emulates_it(monkeypatch, native):
    monkeypatch.setattr('torch.cpu._is_avx512_bf16_supported', lambda: native)
    assert has_bf16('cpu') is native
    assert mixed_dtype('cpu') is torch.bfloat16


@pytest.mark.parametrize(
    ('dtype', 'name'),
    [
        (torch.bfloat16, 'mmbarlow.BF16OptimWrapper'),
        (torch.float16, 'mmengine.AmpOptimWrapper'),
        (torch.float32, 'mmengine.OptimWrapper'),
    ],
)
def test_each_type_has_a_registered_wrapper(dtype, name):
    assert wrapper_for(dtype) == name
    assert OPTIM_WRAPPERS.get(name).__name__ == name.split('.')[1]
