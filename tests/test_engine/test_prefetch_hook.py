"""Prefetching to a GPU: the same batches, and the rest of the loader as it was."""

import pytest
import torch
from mmengine.runner import Runner
from torch.utils.data import DataLoader, RandomSampler

from mmbarlow.config import load_config
from mmbarlow.engine.prefetch_hook import Prefetcher, PrefetchHook


class Images(torch.utils.data.Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        views = [torch.full((3, 64, 64), index + 12 * v, dtype=torch.uint8) for v in range(2)]
        return dict(inputs=views, name=str(index))


def loader(**options) -> DataLoader:
    return DataLoader(Images(), batch_size=4, **options)


def test_on_a_cpu_a_run_keeps_its_loader(digits_config, tmp_path):
    options = {'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False}
    runner = Runner.from_cfg(load_config(digits_config, options, str(tmp_path)))
    (hook,) = [hook for hook in runner.hooks if isinstance(hook, PrefetchHook)]
    before = runner.train_loop.dataloader
    hook.before_train(runner)
    assert runner.train_loop.dataloader is before


def test_every_attribute_of_the_loader_is_there():
    plain = loader(sampler=RandomSampler(Images()))
    ahead = Prefetcher(plain, torch.device('cuda'))
    assert len(ahead) == 3
    assert ahead.sampler is plain.sampler
    assert ahead.dataset is plain.dataset
    assert not hasattr(ahead, 'no_such_thing')


@pytest.mark.gpu  # only CUDA has streams
def test_batches_on_a_gpu_are_those_of_the_loader_while_the_gpu_is_busy():
    plain = loader(pin_memory=True)
    work = torch.randn(4096, 4096, device='cuda')
    kept = []
    for batch in Prefetcher(plain, torch.device('cuda')):
        for _ in range(20):  # so that the copies of later batches overtake the steps
            work = (work @ work).tanh()
        kept.append([view.float().mean((1, 2, 3)) + 0 * work[0, 0] for view in batch['inputs']])
    for got, wanted in zip(kept, plain, strict=True):
        for view, pixels in zip(got, wanted['inputs'], strict=True):
            assert view.tolist() == pixels.float().mean((1, 2, 3)).tolist()
    assert wanted['name'] == batch['name']
