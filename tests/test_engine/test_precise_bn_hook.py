"""Running statistics measured anew before each evaluation."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmbarlow.engine.precise_bn_hook import Moments, PreciseBNHook
from mmbarlow.launch import leave_together, start_processes


class Numbers(Dataset):
    """Vectors (4,), each of another mean and scale."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, i: int) -> dict:
        values = torch.randn(4, generator=torch.Generator().manual_seed(i))
        return dict(inputs=values * (1 + i % 7) + i % 5)


class Net(BaseModel):
    """One BN layer that sees the inputs as they are, one that is frozen, and one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(4, momentum=0.01)
        self.frozen = nn.BatchNorm1d(4)
        self.seen = []

    def train(self, mode: bool = True):
        super().train(mode)
        self.frozen.eval()
        return self

    def forward(self, inputs, mode='tensor'):
        if self.training:
            self.seen.append(inputs)
        return dict(loss=self.frozen(self.bn(inputs)).square().mean())


def runner(model: Net, work_dir) -> Runner:
    runner = Runner(
        model,
        str(work_dir),
        train_dataloader=DataLoader(Numbers(), 4),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=3, val_interval=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        experiment_name=str(work_dir),
    )
    runner.train_loop.val_interval = 2
    return runner


def test_the_statistics_are_those_of_all_samples_of_the_batches_together(tmp_path):
    """The means of the batches differ here, and their spread is part of the variance."""
    model = Net()
    run = runner(model, tmp_path)
    run.register_hook(PreciseBNHook(iterations=3))
    run.train()
    # trained on 2, measured on 3, trained on 1 (the last), measured on 3
    assert len(model.seen) == 9
    seen = torch.cat(model.seen[-3:]).double().numpy()
    np.testing.assert_allclose(model.bn.running_mean, seen.mean(0), rtol=1e-6)
    np.testing.assert_allclose(model.bn.running_var, seen.var(0), rtol=1e-6)
    within = np.mean([x.var(0).numpy() for x in model.seen[-3:]], axis=0)  # torch's running mean
    assert np.abs(within / seen.var(0) - 1).max() > 0.05
    assert model.bn.momentum == 0.01
    assert torch.equal(model.frozen.running_mean, torch.zeros(4))


def batches(seed: int) -> list[torch.Tensor]:
    """Maps (n, 3, H, W) of different n, H and W, whose means are large and differ."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(2, 5, 4), (7, 3, 3), (1, 8, 2), (4, 1, 1)]
    draw = [torch.randn(n, 3, h, w, generator=generator) for n, h, w in sizes]
    return [1000 + seed + 3 * i + (1 + i) * x for i, x in enumerate(draw)]


def measured(seed: int) -> nn.BatchNorm2d:
    """A layer with the statistics of the batches that this process has."""
    layer = nn.BatchNorm2d(3)
    moments = Moments(layer)
    for x in batches(seed):
        moments(layer, (x,))
    moments.write(layer)
    return layer


def check_against_numpy(layer: nn.BatchNorm2d, seeds: range) -> None:
    rows = [x.movedim(1, -1).reshape(-1, 3) for seed in seeds for x in batches(seed)]
    values = torch.cat(rows).double().numpy()
    np.testing.assert_allclose(layer.running_mean, values.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.running_var, values.var(0), rtol=1e-4)


def test_batches_count_by_their_size_and_a_large_mean_costs_no_digits():
    check_against_numpy(measured(0), range(1))


def test_a_layer_that_no_batch_reaches_keeps_its_statistics():
    layer = nn.BatchNorm2d(3)
    layer.running_mean += 5
    Moments(layer).write(layer)
    assert layer.running_mean.tolist() == [5, 5, 5]
    assert layer.running_var.tolist() == [1, 1, 1]


def test_two_processes_measure_the_batches_of_both(run_processes, tmp_path):
    run_processes(2, __file__, tmp_path)
    for rank in range(2):
        state = torch.load(tmp_path / f'{rank}.pth')
        layer = nn.BatchNorm2d(3)
        layer.load_state_dict(state)
        check_against_numpy(layer, range(2))


def test_measuring_changes_no_weight(tmp_path):
    model = Net()
    run = runner(model, tmp_path)
    run.optim_wrapper = run.build_optim_wrapper(run.optim_wrapper)
    before = model.bn.weight.clone()
    assert run.train_loop.val_interval == 2
    model.train()
    PreciseBNHook(iterations=2).update(run)
    assert torch.equal(model.bn.weight, before)
    assert model.bn.weight.grad is None
    assert model.bn.num_batches_tracked == pytest.approx(2)


if __name__ == '__main__':  # in each process of the test above
    start_processes('pytorch')
    rank = torch.distributed.get_rank()
    torch.save(measured(rank).state_dict(), Path(sys.argv[1], f'{rank}.pth'))
    leave_together()
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them
