"""NaN and Inf are found wherever they are, and large numbers are not taken for them."""

import pytest
import torch

from mmbarlow.engine.peaks import all_finite

BAD = (float('nan'), float('inf'), -float('inf'))


def test_large_numbers_whose_sum_overflows_are_finite():
    assert all_finite([torch.full((4,), 3e38), torch.ones(2, 2, dtype=torch.float16)])


@pytest.mark.parametrize('bad', BAD)
@pytest.mark.parametrize('place', [0, 1])
def test_one_bad_number_in_any_tensor_is_found(bad, place):
    tensors = [torch.ones(3), torch.ones(2, 2)]
    tensors[place].view(-1)[1] = bad
    assert not all_finite(tensors)


@pytest.mark.gpu  # AdamW counts its steps on the CPU, and the rest of its state is on the GPU
@pytest.mark.parametrize('bad', [1, *BAD])
@pytest.mark.parametrize('place', ['cpu', 'cuda'])
def test_tensors_may_be_on_several_devices(bad, place):
    values = {name: torch.ones(3, device=name) for name in ('cpu', 'cuda')}
    values[place][1] = bad
    assert all_finite([*values.values(), torch.tensor(5.0)]) == (bad == 1)
