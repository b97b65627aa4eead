"""Views drawn and made on the device are those of TwinViews and BatchTwinViews, bit for bit where
they are integers."""

import numpy as np
import pytest
import torch
from scipy import stats

from mmbarlow.datasets import sample_random
from mmbarlow.datasets.batch_twin_views import BatchTwinViews, MadeViews
from mmbarlow.datasets.device_draw import DeviceDraws, device_uniforms
from mmbarlow.datasets.device_views import DeviceViews
from mmbarlow.datasets.view import NUMBERS, Views

CPU = torch.device('cpu')
PLAIN = dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0])
ALL = (
    dict(rotate=15.0, blur=0.5, solarize=0.3, interpolation='bilinear'),
    dict(blur=0.5, hue=0.5, crop_scale=(0.9, 1.0), crop_ratio=(0.1, 10.0)),
)
SIZES = [(32, 32), (64, 48), (300, 11)]


def keys_of(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    ends = 2**31, 1000, 10**6
    return np.stack([rng.integers(0, end, count) for end in ends], 1)


def images_of(count: int, height: int, width: int) -> torch.Tensor:
    shape = count, 3, height, width
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def test_the_numbers_are_those_of_the_cpu_bit_for_bit_and_uniform():
    keys = keys_of(2000)
    found = device_uniforms(torch.from_numpy(keys), 3, NUMBERS).numpy()
    assert np.array_equal(found, sample_random.uniforms(keys, 3, NUMBERS))
    assert stats.kstest(found.ravel(), 'uniform').pvalue > 1e-3
    assert 0 <= found.min() < found.max() < 1


@pytest.mark.parametrize(('width', 'height'), SIZES)
def test_what_is_drawn_is_what_views_draw(width, height):
    """Among the second view's crops are such that no try fits, at 300 x 11."""
    keys, views = keys_of(4000), Views(*ALL)
    wanted = views.draw(sample_random.uniforms(keys, 2, NUMBERS), width, height)
    found = DeviceDraws(views, CPU).draw(torch.from_numpy(keys), width, height)
    for name, values in found._asdict().items():
        assert np.array_equal(values.numpy(), getattr(wanted, name)), name


@pytest.mark.parametrize(('width', 'height'), SIZES[:2])
def test_the_views_are_those_of_a_batch(width, height, monkeypatch):
    """In levels of 255; in slices of a few images, too."""
    images, keys = images_of(24, height, width), keys_of(24)
    wanted = BatchTwinViews(32, *ALL, **PLAIN).make(images, keys)
    found = DeviceViews(Views(*ALL), 32, CPU).make(images, torch.from_numpy(keys))
    monkeypatch.setattr('mmbarlow.datasets.device_views.CPU_AT_ONCE', 5 * 3 * 32 * 32)
    sliced = DeviceViews(Views(*ALL), 32, CPU).make(images, torch.from_numpy(keys))
    for a, b, c in zip(wanted, found, sliced, strict=True):
        assert (a - b).abs().max() < 0.01
        assert (a - c).abs().max() < 0.01


def test_a_view_without_a_step_is_the_crop_alone():
    still = dict(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter=0.0, gray=0.0)
    images = images_of(8, 32, 32)
    made = DeviceViews(Views(still, still), 32, CPU).make(images, torch.from_numpy(keys_of(8)))
    assert len(made) == 2
    assert (made[0] - images).abs().max() < 1e-3


def test_views_that_are_made_already_are_normalized_alone():
    views = BatchTwinViews(32, *ALL, mean=[10.0, 20.0, 30.0], std=[1.0, 2.0, 4.0])
    made = MadeViews(torch.rand(4, 3, 32, 32) for _ in range(2))
    found = views(dict(inputs=made, data_samples=None), training=True)['inputs']
    mean, std = torch.tensor([10.0, 20, 30]), torch.tensor([1.0, 2, 4])
    wanted = (made[1] - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    assert torch.equal(found[1], wanted)


@pytest.mark.gpu
@pytest.mark.parametrize(('width', 'height'), SIZES)
def test_a_gpu_draws_what_a_cpu_draws(width, height):
    """Integers bit for bit; of 4,000 crops one may move by a pixel (the last bit of exp)."""
    keys, views = torch.from_numpy(keys_of(4000)), Views(*ALL)
    assert torch.equal(
        device_uniforms(keys.cuda(), 2, NUMBERS).cpu(), device_uniforms(keys, 2, NUMBERS)
    )
    wanted = DeviceDraws(views, CPU).draw(keys, width, height)
    found = DeviceDraws(views, torch.device('cuda')).draw(keys.cuda(), width, height)
    for name, values in found._asdict().items():
        differ = (values.cpu() != getattr(wanted, name)).flatten(2 if name == 'box' else 1)
        if name in ('box', 'flip', 'order', 'gray', 'solarize'):
            assert int(differ.sum()) <= 4, name
        else:
            torch.testing.assert_close(values.cpu(), getattr(wanted, name), rtol=0, atol=1e-12)


@pytest.mark.gpu
def test_a_gpu_makes_the_views_of_a_cpu_without_a_wait():
    images, keys = images_of(24, 32, 32), torch.from_numpy(keys_of(24))
    wanted = DeviceViews(Views(*ALL), 32, CPU).make(images, keys)
    on_gpu = DeviceViews(Views(*ALL), 32, torch.device('cuda'))
    arguments = images.cuda(), keys.cuda()
    on_gpu.make(*arguments)  # tables go there once
    torch.cuda.set_sync_debug_mode('error')
    try:
        found = on_gpu.make(*arguments)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    for a, b in zip(wanted, found, strict=True):
        assert (a - b.cpu()).abs().mean((1, 2, 3)).max() < 0.5  # TF32 in matrix products
