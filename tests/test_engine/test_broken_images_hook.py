"""What a training run does and says when images of its folder cannot be read."""

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mmpretrain.structures import DataSample
from PIL import Image

from mmbarlow.engine.broken_images_hook import BrokenImagesHook
from mmbarlow.errors import InputError

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs' / 'barlowtwins' / 'barlowtwins_resnet50_1xb128-coslr-100e_folder.py'
SMALL = [
    *(
        'model.backbone.depth=18',
        'model.backbone.stem_channels=8',
        'model.backbone.base_channels=8',
    ),
    *('model.neck.in_channels=64', 'model.neck.hid_channels=16', 'model.neck.out_channels=16'),
    *('model.head.in_channels=16', 'train_cfg.max_epochs=2', 'param_scheduler.warmup=0'),
    *('train_dataloader.batch_size=50', 'train_dataloader.dataset.pipeline.0.size=32'),
    'default_hooks.checkpoint.interval=1',
]


def batch(*broken: str, size: int = 10) -> dict:
    """A batch of a data loader, in which one sample replaces the broken ones."""
    samples = [DataSample() for _ in range(size)]
    if broken:
        skipped = tuple((name, 'truncated') for name in broken)
        samples[0].set_field(skipped, 'skipped', field_type='metainfo')
    return dict(inputs=[], data_samples=samples)


def runner(images: int) -> SimpleNamespace:
    loader = SimpleNamespace(dataset=range(images))
    return SimpleNamespace(train_dataloader=loader, logger=logging.getLogger('broken'))


def test_one_percent_is_allowed_and_more_is_not(caplog):
    hook, run = BrokenImagesHook(), runner(images=300)
    for epoch in range(3):
        for name in ('a', 'b', 'c'):
            hook.before_train_iter(run, epoch, batch(name))
    with pytest.raises(InputError, match=r'4 of the .* 0\.01 of 300 allows: a \(truncated\), b'):
        hook.before_train_iter(run, 0, batch('d'))
    assert len(caplog.records) == 4  # each path once


def test_broken_images_at_the_beginning_do_not_stop_a_good_data_set():
    BrokenImagesHook().before_train_iter(runner(images=1000), 0, batch(*'abcdefghij'))


def test_a_process_of_many_stops_early_when_it_has_far_more_than_its_share(monkeypatch):
    """Of its 12,500 images 1 %, 125, may be broken, and by chance 3 sqrt(125) = 33 more."""
    monkeypatch.setattr('mmengine.dist.get_world_size', lambda: 8)
    hook, run = BrokenImagesHook(), runner(images=100_000)
    hook.before_train_iter(run, 0, batch(*map(str, range(158))))
    with pytest.raises(InputError, match='159 of the images'):
        hook.before_train_iter(run, 1, batch('another'))


def test_a_process_that_has_seen_all_of_them_may_have_met_all_broken_ones(monkeypatch):
    monkeypatch.setattr('mmengine.dist.get_world_size', lambda: 8)
    hook, run = BrokenImagesHook(), runner(images=100_000)
    for step in range(1000):
        hook.before_train_iter(run, step, batch(str(step), size=100))
    with pytest.raises(InputError, match='1001 of the images'):
        hook.before_train_iter(run, 1000, batch('another'))


def test_what_other_processes_found_counts_at_the_end_of_an_epoch(monkeypatch, caplog):
    others = [dict(a='truncated'), dict(b='empty')]
    monkeypatch.setattr('mmengine.dist.all_gather_object', lambda own: [own, *others])
    hook, run = BrokenImagesHook(), runner(images=300)
    hook.before_train_iter(run, 0, batch('a'))
    hook.after_train_epoch(run)
    hook.after_train_epoch(run)
    assert [r.getMessage().split(': ')[-1] for r in caplog.records] == [
        'a (truncated)',
        'b (empty)',
    ]
    others[1].update(c='empty', d='empty')
    with pytest.raises(InputError, match='4 of the images'):
        hook.after_train_epoch(run)


@pytest.fixture
def folder(tmp_path) -> Path:
    """200 photographs of noise, nested."""
    rng = np.random.default_rng(0)
    for i in range(200):
        path = tmp_path / 'images' / str(i % 3) / f'{i}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(path)
    return tmp_path / 'images'


def spoil(folder: Path, count: int) -> list[Path]:
    paths = sorted(folder.rglob('*.jpg'))[:: 200 // count][:count]
    for path in paths:
        path.write_bytes(path.read_bytes()[:200])
    return paths


def train(run_tool, folder: Path, work_dir: Path, workers: int, *options: str, resume=False):
    loading = [f'train_dataloader.num_workers={workers}']
    loading += ['train_dataloader.persistent_workers=False']
    return run_tool(
        *('train.py', CONFIG, '--work-dir', work_dir, *(['--resume'] if resume else [])),
        *('--cfg-options', f'data_root={folder}', *SMALL, *loading, *options),
    )


@pytest.mark.parametrize('workers', [0, 2])
def test_training_continues_past_a_broken_image_and_names_it_once(
    run_tool, folder, tmp_path, workers
):
    (path,) = spoil(folder, 1)
    status, _, err = train(run_tool, folder, tmp_path / 'run', workers)
    assert status == 0, err
    (log,) = (tmp_path / 'run').glob('*/*.log')
    text = log.read_text()
    assert text.count(f'broken image, replaced by another one: {path} (truncated)') == 1
    assert '1 of 200 images could not be read' in text
    assert (tmp_path / 'run' / f'{CONFIG.stem}_backbone.pth').is_file()


def test_a_resumed_run_continues_past_a_broken_image(run_tool, folder, tmp_path):
    spoil(folder, 2)  # 1 %, as many as are allowed
    train(run_tool, folder, tmp_path / 'run', 0, 'train_cfg.max_epochs=1')
    status, _, err = train(run_tool, folder, tmp_path / 'run', 0, resume=True)
    assert status == 0, err
    log = sorted((tmp_path / 'run').glob('*/*.log'))[-1].read_text()
    assert '2 of 200 images could not be read' in log
    assert (tmp_path / 'run' / 'epoch_2.pth').is_file()


def test_a_run_with_many_broken_images_stops_and_says_why(run_tool, folder, tmp_path):
    spoil(folder, 10)
    status, _, err = train(run_tool, folder, tmp_path / 'run', 0)
    assert status == 2
    last = err.strip().splitlines()[-1]
    assert 'max_share = 0.01 of 200 allows' in last
    assert f'mmbarlow verify {folder}' in last
    assert 'default_hooks.broken_images.max_share=' in last
    assert last.startswith('error: ')
    assert '(truncated)' in last
    options = ['default_hooks.broken_images.max_share=0.1', 'train_cfg.max_epochs=1']
    status, _, err = train(run_tool, folder, tmp_path / 'again', 0, *options)
    assert status == 0, err


RECIPES = dict(
    batch_views='ablations/barlowtwins_resnet18-stem7-c32_1xb256-coslr-6e_cifar10.py',
    supervised='baselines/supervised_resnet18-stem7_1xb256-coslr-8e_cifar10.py',
)


@pytest.mark.parametrize('recipe', RECIPES)
def test_recipes_of_32_px_skip_broken_images_and_stop_at_too_many(
    recipe, run_tool, folder, tmp_path
):
    """Images that workers load whole, and images with labels, by the same rule and lines."""
    for split in ('train', 'test'):
        (tmp_path / 'data' / split).mkdir(parents=True)
        for name in '012':
            (tmp_path / 'data' / split / name).symlink_to(folder / name)
    (path,) = spoil(folder, 1)
    shown = tmp_path / 'data' / 'train' / path.parent.name / path.name
    narrow = ['model.backbone.stem_channels=8', 'model.backbone.base_channels=8']
    if recipe == 'supervised':
        narrow += ['model.head.in_channels=64']
    else:
        narrow += [f'model.{part}_channels=64' for part in ('neck.in', 'neck.hid', 'neck.out')]
        narrow += ['model.head.in_channels=64']
    loading = ['train_dataloader.batch_size=50', 'train_dataloader.num_workers=0']
    loading += ['train_dataloader.persistent_workers=False', 'train_cfg.max_epochs=1']
    train = ['train.py', ROOT / 'configs' / RECIPES[recipe], '--work-dir', tmp_path / 'run']
    train += ['--cfg-options', f'data_root={tmp_path}/data', *narrow, *loading]
    train += ['train_cfg.val_begin=100', 'param_scheduler.warmup=0']
    status, _, err = run_tool(*train)
    assert status == 0, err
    (log,) = (tmp_path / 'run').glob('*/*.log')
    text = log.read_text()
    assert text.count(f'broken image, replaced by another one: {shown} (truncated)') == 1
    assert '1 of 200 images could not be read' in text
    status, _, err = run_tool(*train, 'default_hooks.broken_images.max_share=0.001', '--force')
    assert status == 2
    assert 'max_share = 0.001 of 200 allows' in err
