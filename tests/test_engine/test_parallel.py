"""One, two and four processes with the same global batch train the same, interrupted or not."""

import os
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from yapf.yapflib import yapf_api

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.launch import prepare_processes
from mmbarlow.loss.distributed import rank, world_size
from mmbarlow.paths import CONFIGS

BATCH, EPOCHS = 24, 2
IMAGES = 71  # two steps; MMEngine's sampler gives four processes 18 images each: a third step
SMALL = {
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': IMAGES,
    'train_cfg.max_epochs': EPOCHS,
    'param_scheduler.warmup': 1,
    'default_hooks.checkpoint.interval': 1,
    'default_hooks.checkpoint.max_keep_ckpts': 9,
    'default_hooks.export': None,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.in_channels': 64,
}
NARROW = {
    'model.neck.hid_channels': 16,
    'model.neck.out_channels': 16,
    'model.head.in_channels': 16,
}
BARLOW = 'barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits'
METHODS: dict[str, tuple[str, dict]] = dict(
    barlow=(BARLOW, NARROW),
    uneven=(BARLOW, NARROW | {'train_dataloader.drop_last': False}),
    chunked=(BARLOW, NARROW),
    mixed=('mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-30e_digits', NARROW),
    amcl=(
        'amcl/amcl-barlowtwins_resnet18_1xb128-coslr-30e_digits',
        NARROW | {'model.head.temperature.batch_size': BATCH},
    ),
    simclr=('baselines/simclr_resnet18_1xb128-coslr-30e_digits', {}),
    local=(BARLOW, NARROW | {'sync_bn': None}),
)
EXACT = {2: ('barlow', 'uneven', 'chunked', 'mixed', 'amcl'), 4: ('barlow', 'mixed')}


@HOOKS.register_module()
class SeenLosses(Hook):
    """The loss of each step of the last run, as the mean over the processes."""

    seen: list[float] = []  # noqa: RUF012

    def before_train(self, runner) -> None:
        self.seen.clear()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        loss = outputs['loss'].detach().double().clone()
        if world_size() > 1:
            dist.all_reduce(loss)
        self.seen.append(loss.item() / world_size())


def train(
    method: str, folder: Path, resume: Path | None = None, more: dict | None = None
) -> tuple[list[float], dict]:
    """Losses of the steps and the last weights, the same on every process."""
    name, options = METHODS[method]
    own = {'train_dataloader.batch_size': BATCH // world_size()}
    if method == 'chunked':
        own['model.chunk_size'] = BATCH // world_size() // 3
    cfg = load_config(
        CONFIGS / f'{name}.py', SMALL | options | own | (more or {}), str(folder / method)
    )
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='SeenLosses')]
    prepare_processes(cfg, 'pytorch' if world_size() > 1 else 'none')
    if resume:
        resume_from(cfg, str(resume))
    pretrain(cfg, quiet=True)
    if world_size() > 1:
        dist.barrier()
    last = torch.load(folder / method / f'epoch_{EPOCHS}.pth')
    return list(SeenLosses.seen), last['state_dict']


def run_all(folder: Path, two: Path | None = None) -> dict:
    """What the methods have trained, and a run of two processes that goes on here."""
    torch.set_default_dtype(torch.float64)  # of the networks, too
    methods = METHODS if world_size() < 4 else EXACT[4]
    found: dict = {method: train(method, folder) for method in methods}
    if two:
        resumed = folder / 'resumed'
        found['resumed'] = train('barlow', resumed, two / 'barlow' / 'epoch_1.pth')
        found['log'] = next(resumed.glob('barlow/*/*.log')).read_text()
        fewer = {'train_dataloader.dataset.indices': 48}
        with pytest.raises(InputError) as refused:
            train('barlow', folder / 'other', two / 'barlow' / 'epoch_1.pth', fewer)
        found['refused'] = str(refused.value)
    if 'local' in found:
        found['local log'] = next(folder.glob('local/*/*.log')).read_text()
    return found


def worker(folder: Path, two: Path | None = None) -> None:
    yapf_api.FormatCode = lambda text, **_: (text, True)  # most of the time of such a run
    dist.init_process_group('gloo')
    found = run_all(folder, two)
    if rank() == 0:
        torch.save(found, folder / 'found.pth')
    dist.barrier()
    os._exit(0)


@pytest.fixture(scope='module')
def found(run_processes, tmp_path_factory) -> dict[int, dict]:
    """What one, two and four processes have trained."""
    one, two, four = (tmp_path_factory.mktemp(name) for name in ('one', 'two', 'four'))
    run_processes(2, __file__, two)
    run_processes(4, __file__, four, two)
    default = torch.get_default_dtype()
    try:
        alone = run_all(one, two)
    finally:
        torch.set_default_dtype(default)
    return {1: alone, 2: torch.load(two / 'found.pth'), 4: torch.load(four / 'found.pth')}


def largest(losses: list[float], wanted: list[float]) -> float:
    """Largest relative difference of a step."""
    return max(abs(a - b) / abs(b) for a, b in zip(losses, wanted, strict=True))


def distance(state: dict, wanted: dict) -> float:
    assert state.keys() == wanted.keys()
    one, other = (torch.cat([t.double().flatten() for t in s.values()]) for s in (state, wanted))
    return ((one - other).norm() / other.norm()).item()


@pytest.mark.parametrize(('processes', 'method'), [(n, m) for n in EXACT for m in EXACT[n]])
def test_losses_and_weights_are_those_of_one_process(method, processes, found):
    losses, weights = found[processes][method]
    wanted, theirs = found[1][method]
    assert len(wanted) == EPOCHS * (3 if method == 'uneven' else 2)
    assert largest(losses, wanted) < 1e-11
    assert distance(weights, theirs) < 1e-11


def test_what_the_docs_say_of_the_others_is_so(found):
    """SimCLR's gradient is 1/processes, which AdamW does not see but for its eps."""
    assert 1e-12 < largest(found[2]['simclr'][0], found[1]['simclr'][0]) < 1e-5
    assert largest(found[2]['local'][0], found[1]['local'][0]) > 1e-3
    assert 'BN layers see the images of each process by themselves' in found[2]['local log']
    assert 'BN layers see the images' not in found[1]['local log']


@pytest.mark.parametrize('processes', [1, 4])
def test_a_run_of_two_processes_goes_on_with_another_number_of_them(processes, found):
    losses, weights = found[processes]['resumed']
    wanted, theirs = found[2]['barlow']
    assert largest(losses, wanted[2:]) < 1e-11
    assert distance(weights, theirs) < 1e-11
    assert f'number of processes 2, now {processes}' in found[processes]['log']
    assert f'batch_size 12, now {BATCH // processes}' in found[processes]['log']


@pytest.mark.parametrize('processes', [1, 4])
def test_other_data_are_refused_on_every_number_of_processes(processes, found):
    assert 'number of images 71, now 48' in found[processes]['refused']


if __name__ == '__main__':
    worker(*map(Path, sys.argv[1:]))
