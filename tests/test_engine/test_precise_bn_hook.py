"""Running statistics measured anew before each evaluation."""

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmbarlow.engine.precise_bn_hook import PreciseBNHook


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


def test_the_statistics_are_the_plain_mean_of_those_of_the_batches(tmp_path):
    model = Net()
    run = runner(model, tmp_path)
    run.register_hook(PreciseBNHook(iterations=3))
    run.train()
    # trained on 2, measured on 3, trained on 1 (the last), measured on 3
    assert len(model.seen) == 9
    last = model.seen[-3:]
    mean = torch.stack([x.mean(0) for x in last]).mean(0)
    variance = torch.stack([x.var(0) for x in last]).mean(0)
    torch.testing.assert_close(model.bn.running_mean, mean)
    torch.testing.assert_close(model.bn.running_var, variance)
    assert model.bn.momentum == 0.01
    assert torch.equal(model.frozen.running_mean, torch.zeros(4))


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
