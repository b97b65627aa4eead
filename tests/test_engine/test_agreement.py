"""Processes that were given different things stop before the first step, all with one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.launch import leave_together, prepare_processes
from mmbarlow.paths import CLONE, CONFIGS

SMALL = {
    'train_cfg.max_epochs': 1,
    'param_scheduler.warmup': 0,
    'train_dataloader.batch_size': 8,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 48,
    'default_hooks.checkpoint.interval': 1,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.in_channels': 64,
    'model.neck.hid_channels': 16,
    'model.neck.out_channels': 16,
    'model.head.in_channels': 16,
}
# What the last of three processes has of its own, and what each of them says of it.
DIFFERENT: dict[str, tuple[dict, str]] = dict(
    rate=(
        {'optim_wrapper.optimizer.lr': 0.1},
        'optim_wrapper.optimizer.lr is 0.001 on processes 0, 1 and 0.1 on process 2',
    ),
    loss=({'model.head.lambd': 0.5}, 'model.head.lambd is 0.0051 on processes 0, 1 and 0.5 on'),
    seed=({'randomness.seed': 7}, 'randomness.seed is 0 on processes 0, 1 and 7 on process 2'),
    batch=({'train_dataloader.batch_size': 4}, 'batch_size is 8 on processes 0, 1 and 4 on'),
    resume=({'resume': True}, 'resume is not set on processes 0, 1 and True on process 2'),
    hook=(
        {'custom_hooks': [dict(type='EMAHook')]},
        "custom_hooks.EMAHook.type is not set on processes 0, 1 and 'EMAHook' on process 2",
    ),
)


def config(work_dir: Path, options: dict, data: dict | None = None):
    (path,) = (CONFIGS / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')
    cfg = load_config(path, SMALL | options, str(work_dir))
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    if data:
        cfg.train_dataloader.dataset = data
    prepare_processes(cfg, 'pytorch')
    return cfg


def message(cfg) -> str:
    with pytest.raises(InputError) as stopped:
        pretrain(cfg, quiet=True)
    return str(stopped.value)


def worker(folder: Path) -> None:
    dist.init_process_group('gloo')
    rank, last = dist.get_rank(), dist.get_rank() == 2
    found = {}
    for name, (options, _) in DIFFERENT.items():
        found[name] = message(config(folder / 'run', options if last else {}))
    assert not (folder / 'run').exists()

    images = folder / f'images{rank}'  # as on a machine of its own
    for number in range(25 if last else 24):
        (images / 'a').mkdir(parents=True, exist_ok=True)
        (images / 'a' / f'{number}.png').write_bytes(b'')
    data = dict(type='mmbarlow.ImageFolder', data_root=str(images), pipeline=[])
    found['images'] = message(config(folder / 'run', {'default_hooks.pixels': None}, data))
    (images / 'a' / '24.png').unlink(missing_ok=True)
    if last:
        (images / 'a' / '23.png').rename(images / 'a' / '99.png')
    found['names'] = message(config(folder / 'run', {'default_hooks.pixels': None}, data))

    pretrain(config(folder / 'run', {}), quiet=True)
    dist.barrier()
    checkpoint = torch.load(folder / 'run' / 'epoch_1.pth')
    checkpoint['state_dict']['backbone.conv1.weight'][0, 0, 0, 0] += last
    torch.save(checkpoint, folder / f'own{rank}.pth')
    cfg = config(folder / 'run', {'train_cfg.max_epochs': 2})
    resume_from(cfg, str(folder / f'own{rank}.pth'))
    cfg.work_dir = str(folder / 'other')
    found['weights'] = message(cfg)
    torch.save(found, folder / f'{rank}.pth')
    leave_together()
    os._exit(0)


@pytest.fixture(scope='module')
def results(run_processes, tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp('processes')
    run_processes(3, __file__, folder)
    return [torch.load(folder / f'{rank}.pth') for rank in range(3)]


@pytest.mark.parametrize('name', DIFFERENT)
def test_other_settings_of_one_process_are_told_by_every_process(name, results):
    for result in results:
        assert DIFFERENT[name][1] in result[name]
        assert 'start all of them with the same code, config and options' in result[name]


def test_other_images_of_one_process_are_told_by_every_process(results):
    for result in results:
        assert 'number of images is 24 on processes 0, 1 and 25 on process 2' in result['images']
        assert 'names and labels of all images in their order' in result['names']


def test_a_checkpoint_that_differs_in_one_number_is_told_by_every_process(results):
    for result in results:
        assert 'the sum of backbone.conv1.weight is ' in result['weights']
        assert 'on processes 0, 1 and ' in result['weights']


def test_the_shell_gets_one_line_and_status_two_from_each_process(tmp_path, digits_config, small):
    (own := tmp_path / 'own.py').write_text(
        f'import os\n_base_ = {str(digits_config)!r}\n'
        "optim_wrapper = dict(optimizer=dict(lr=0.1 * (1 + int(os.environ['RANK']))))\n"
    )
    command = [CLONE / 'tools' / 'dist_train.sh', own, '2', '--work-dir', tmp_path / 'out']
    done = subprocess.run(
        [*command, '--cfg-options', *small],
        env=dict(os.environ, PYTHON=sys.executable, CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 2
    assert done.stderr.count('error: the processes differ: optim_wrapper.optimizer.lr is ') == 1
    assert not (tmp_path / 'out').exists()


if __name__ == '__main__':
    worker(Path(sys.argv[1]))
