"""Which views a training run sees does not depend on how it is run."""

import hashlib
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from mmengine.config import DictAction
from mmengine.dataset import DefaultSampler
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config
from mmbarlow.datasets.digits import Digits
from mmbarlow.datasets.sample_random import ViewSampler


class Seen(Hook):
    """A digest of the views of each step; interrupts the run before epoch `stop`, from 0."""

    def __init__(self, stop: int | None) -> None:
        self.digests: list[str] = []
        self.stop = stop

    def before_train_epoch(self, runner) -> None:
        if runner.epoch == self.stop:
            raise KeyboardInterrupt

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        views = [hashlib.sha256(view.numpy()).hexdigest() for view in data_batch['inputs']]
        self.digests.append('-'.join(views))


def train(
    config: Path,
    options: list[str],
    work_dir: Path,
    resume: bool = False,
    stop: int | None = None,
) -> list[str]:
    """Digests of the steps of a run, or of the rest of one."""
    parsed = dict(option.split('=', 1) for option in options)
    values = {key: DictAction._parse_iterable(value) for key, value in parsed.items()}
    cfg = load_config(config, values | {'train_cfg.max_epochs': 2}, str(work_dir))
    cfg.default_hooks.checkpoint.interval = 1
    cfg.resume = resume
    runner, seen = Runner.from_cfg(cfg), Seen(stop)
    runner.register_hook(seen)
    with suppress(KeyboardInterrupt):
        runner.train()
    return seen.digests


def test_a_resumed_run_sees_the_views_of_the_uninterrupted_one_and_ends_with_its_weights(
    digits_config, small, tmp_path
):
    """Bit for bit."""
    whole = train(digits_config, small, tmp_path / 'whole')
    first = train(digits_config, small, tmp_path / 'parts', stop=1)
    second = train(digits_config, small, tmp_path / 'parts', resume=True)
    assert len(set(whole)) == 4  # two epochs of two steps, no views twice
    assert first + second == whole
    one, other = (read_checkpoint(tmp_path / name / 'epoch_2.pth') for name in ('whole', 'parts'))
    for name, tensor in one['state_dict'].items():
        assert torch.equal(tensor, other['state_dict'][name]), name


@pytest.mark.parametrize('processes', [2, 3])
def test_together_processes_see_the_views_of_a_single_one(processes, monkeypatch):
    dataset = Digits('train', pipeline=[])

    def keys(rank: int, world_size: int) -> list:
        monkeypatch.setitem(
            DefaultSampler.__init__.__globals__, 'get_dist_info', lambda: (rank, world_size)
        )
        sampler = ViewSampler(dataset, seed=1)
        sampler.set_epoch(4)
        return [index.key for index in sampler]

    shares = [keys(rank, processes) for rank in range(processes)]
    assert {key for share in shares for key in share} == set(keys(0, 1))
