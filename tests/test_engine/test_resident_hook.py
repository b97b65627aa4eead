"""A training on images that lie on the device is the one that a loader feeds."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import faults
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.keyed_batches import use_keyed_batches
from mmbarlow.datasets.sample_random import ViewSampler
from mmbarlow.datasets.shared_batches import share_batches
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.whole_images import NotResident, WholeImage, read_all, recipe_of
from mmbarlow.engine.pretraining import pretrain
from mmbarlow.engine.resident_hook import use_resident
from mmbarlow.engine.resident_loader import ResidentLoader
from mmbarlow.errors import InputError
from mmbarlow.launch import leave_together, prepare_processes
from mmbarlow.weight_files import read_plain

SGD = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=2e-4, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=100.0),
)
SLOW_LARS = dict(
    faults.LARS,
    optimizer=dict(type='mmbarlow.LARS', lr=0.02, weight_decay=1e-6),
    paramwise_cfg=dict(bias_lr=1e-4),
)
EAGER = dict(graph='eager')  # what a CUDA graph holds, call by call
VIEW = dict(rotate=15, crop_scale=(0.3, 1.0), flip=0.0, saturation=0.0, hue=0.0, gray=0.0)


def train(folder: Path, *options: str, wrapper=SGD, launcher: str = '', **entries) -> Path:
    """Four steps of 8 digits in each of two epochs, whose views are those of BatchTwinViews."""
    (digits,) = (Path(__file__).parents[2] / 'configs' / 'barlowtwins').glob(
        '*_resnet18_1xb128-coslr-70e_digits.py'
    )
    own = ['train_cfg.val_interval=9', 'default_hooks.logger.interval=1', *options]
    cfg = faults.config(digits, folder, *own, guard=None, optim_wrapper=wrapper, **entries)
    if 'resident' not in entries or entries['resident'] is not True:
        views = dict(type='mmbarlow.BatchTwinViews', size=32, view_a=VIEW, view_b=VIEW)
        cfg.model.data_preprocessor.update(views)
        pack = dict(type='mmpretrain.PackInputs', meta_keys=('sample_idx',))
        view = dict(type='mmbarlow.CenterView', size=32)
        cfg.train_dataloader.dataset.pipeline = [view, pack]
    if launcher:
        prepare_processes(cfg, launcher)
    pretrain(cfg, quiet=True)
    return folder


def lines_of(folder: Path, key: str = 'loss') -> np.ndarray:
    (path,) = folder.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return np.array([line[key] for line in lines if key in line])


def log_of(folder: Path) -> str:
    return ''.join(path.read_text() for path in sorted(folder.glob('*/*.log')))


@pytest.fixture(scope='module')
def runs(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp('runs')
    late = 'default_hooks.finite_loss.lag=2'  # as on a GPU
    return dict(
        loader=train(root / 'loader'),
        resident=train(root / 'resident', resident=True),
        recorded=train(root / 'recorded', late, resident=EAGER),
    )


@pytest.mark.parametrize('name', ['resident', 'recorded'])
def test_it_is_the_training_of_the_loader_in_fp32(name, runs):
    """The views differ by 1e-4 of 255, which BN over 8 images makes more of from step to step."""
    for key in ('loss', 'loss_invariance', 'grad_norm', 'lr'):
        wanted, found = lines_of(runs['loader'], key), lines_of(runs[name], key)
        assert len(wanted) == 8
        assert found[:4] == pytest.approx(wanted[:4], rel=1e-4)
        assert found == pytest.approx(wanted, rel=0.05)


def test_what_a_graph_holds_is_the_same_training_as_with_numbers_from_python(runs):
    for key in ('loss', 'grad_norm'):
        recorded, resident = (lines_of(runs[name], key) for name in ('recorded', 'resident'))
        assert recorded == pytest.approx(resident, rel=1e-5)


def test_the_run_leaves_what_every_run_leaves(runs):
    files = [{p.name.split('_')[0] for p in runs[n].iterdir()} for n in ('loader', 'resident')]
    assert files[0] - {Path(runs['loader']).name} == files[1] - {Path(runs['resident']).name}
    assert '32 images are held on the device' in log_of(runs['resident'])
    assert len(list(runs['resident'].glob('*/vis_data/spectrum.jsonl'))) == 1


def test_a_run_with_a_loader_is_resumed_with_images_on_the_device(runs, tmp_path):
    first = str(runs['loader'] / 'epoch_1.pth')
    resumed = train(tmp_path, resident=EAGER, resume=True, load_from=first)
    assert lines_of(resumed) == pytest.approx(lines_of(runs['loader'])[4:], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize('wrapper', [SLOW_LARS, dict(SGD, type='mmbarlow.BF16OptimWrapper')])
def test_the_curve_of_an_epoch_is_the_same_within_rounding(wrapper, tmp_path):
    late = 'default_hooks.finite_loss.lag=2'
    plain = train(tmp_path / 'plain', late, wrapper=wrapper)
    recorded = train(tmp_path / 'recorded', late, wrapper=wrapper, resident=EAGER)
    assert lines_of(recorded)[:4] == pytest.approx(lines_of(plain)[:4], rel=0.02)


def loader_of(dataset, sampler: str, processes: int, rank: int) -> DataLoader:
    kind = dict(ViewSampler=ViewSampler, DefaultSampler=DefaultSampler)[sampler]
    order = kind(dataset, shuffle=True, seed=7)
    order.world_size, order.rank = processes, rank
    order.num_samples = -(-(len(dataset) - rank) // processes)
    if processes > 1:
        share_batches(order, 5, True, True)
    loader = DataLoader(dataset, 5, sampler=order, drop_last=True)
    use_keyed_batches(loader)
    return loader


@pytest.mark.parametrize('sampler', ['ViewSampler', 'DefaultSampler'])
@pytest.mark.parametrize(('processes', 'rank'), [(1, 0), (2, 0), (2, 1)])
@pytest.mark.parametrize('skip', [0, 2])
def test_each_process_has_the_keys_that_its_loader_gives(sampler, processes, rank, skip):
    dataset = list(range(53))
    source = SimpleNamespace(images=torch.zeros(1), broken={}, dataset=None)
    found, wanted = [], []
    for keys, with_images in ((found, True), (wanted, False)):
        loader = loader_of(dataset, sampler, processes, rank)
        loader.sampler.set_epoch(3)
        loader.batch_sampler.skip = skip
        if with_images:
            keys += [batch['keys'].tolist() for batch in ResidentLoader(loader, source)]
        else:
            keys += [[list(index.key) for index in batch] for batch in loader.batch_sampler]
    assert found == wanted
    assert len(found) == 53 // (5 * processes) - skip


def folder_of(path: Path, sizes: list[tuple[int, int]]) -> Path:
    for i, size in enumerate(sizes):
        pixels = np.random.default_rng(i).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f'{i}.png')
    return path


def dataset_of(path: Path) -> ImageFolder:
    view = dict(type='mmbarlow.TwinViews', size=32, view_a={}, view_b={})
    return ImageFolder(str(path), pipeline=[view, dict(type='mmpretrain.PackInputs')])


def test_a_folder_with_a_broken_image_is_read_and_says_so(tmp_path):
    dataset = dataset_of(folder_of(tmp_path, [(40, 32)] * 4))
    Path(tmp_path, '1.png').write_bytes(b'no image')
    recipe = recipe_of(dataset, torch.nn.Identity())
    images, broken = read_all(dataset, recipe.reader, 1e9)
    assert images.shape == (4, 3, 32, 40)
    pixels = np.asarray(Image.open(tmp_path / '2.png')).transpose(2, 0, 1)
    assert np.array_equal(images[2].numpy(), pixels)
    assert any(torch.equal(images[1], images[i]) for i in (0, 2, 3))
    assert [path for path, _ in broken[1]] == [str(tmp_path / '1.png')]
    assert type(dataset.pipeline.transforms[0]) is TwinViews  # as it was


def test_images_that_differ_in_size_or_do_not_fit_are_a_sentence(tmp_path):
    dataset = dataset_of(folder_of(tmp_path, [(40, 32), (32, 32)]))
    with pytest.raises(NotResident, match='differ in size, 40 x 32 and 32 x 32 px'):
        read_all(dataset, WholeImage(), 1e9)
    with pytest.raises(NotResident, match='2 images of 40 x 32 px take 0 MiB .* and 0 MiB are'):
        read_all(dataset, WholeImage(), 100)


@HOOKS.register_module()
class ReadsViews(Hook):
    """Looks at the views of the second step, and darkens them in the third."""

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter == 1:
            assert data_batch['inputs'][0].shape == (8, 3, 32, 32)
        if runner.iter == 2:
            data_batch['inputs'][1].zero_()


def test_what_does_not_fit_falls_back_and_a_hook_gets_the_views_it_asks_for(runs, tmp_path):
    few = train(tmp_path / 'few', resident=dict(share=1e-12))
    assert 'the images are not held on the device: 32 images of 32 x 32 px take' in log_of(few)
    hooks = [dict(type='ReadsViews')]
    changed = lines_of(train(tmp_path / 'hook', resident=True, custom_hooks=hooks))
    wanted = lines_of(runs['resident'])
    assert changed[:2] == pytest.approx(wanted[:2], rel=1e-6)
    assert abs(changed[2] / wanted[2] - 1) > 1e-3


def test_a_step_with_nan_is_skipped_and_dumped_with_its_views(tmp_path):
    guard = dict(action='skip', lag=2)
    (digits,) = (Path(__file__).parents[2] / 'configs' / 'barlowtwins').glob(
        '*_resnet18_1xb128-coslr-70e_digits.py'
    )
    cfg = faults.config(digits, tmp_path, guard=guard, optim_wrapper=faults.LARS, resident=EAGER)
    faults.poison_views(cfg, 3)
    pretrain(cfg, quiet=True)
    (dump,) = tmp_path.glob('dumps/*.pth')
    content = read_plain(dump)
    assert content['step'] == 3
    assert [view.shape for view in content['inputs']] == [(8, 3, 32, 32)] * 2
    assert len(content['keys']) == 8
    assert 'the batch of step 3 and the 1 after it is skipped' in log_of(tmp_path)


@pytest.mark.parametrize(
    ('resident', 'told'),
    [
        (dict(graph='on'), "resident.graph='on' must be True, False or 'eager'"),
        (dict(share=2), 'resident.share=2 is no share of the memory'),
        (dict(size=2), 'resident has graph and share, not size'),
        ('yes', "resident='yes' must be True or False"),
    ],
)
def test_bad_options_are_a_sentence(resident, told):
    cfg = Config(dict(resident=resident))
    with pytest.raises(InputError, match=told):
        use_resident(cfg)


@HOOKS.register_module()
class Strict(Hook):
    """Lets torch raise where the host waits for the device, in steps that are replayed."""

    priority = 'HIGHEST'

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        strict = runner.iter + 1 in (6, 7)  # the third to fifth step warm up, or record it
        torch.cuda.set_sync_debug_mode('error' if strict else 'default')


@pytest.mark.gpu
@pytest.mark.parametrize(
    'wrapper',
    [
        faults.LARS,
        SGD,
        dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3)),
        dict(SGD, type='mmbarlow.BF16OptimWrapper'),
    ],
    ids=lambda w: w['optimizer']['type'],
)
def test_a_gpu_replays_the_step_and_waits_for_nothing(wrapper, tmp_path):
    """Logged in the last step alone, and compared with the same steps call by call."""
    once = 'default_hooks.logger.interval=8'
    curves = []
    for name, graph, hooks in (('calls', False, []), ('graph', True, [dict(type='Strict')])):
        resident = dict(graph=graph)
        folder = tmp_path / name
        try:
            train(folder, once, wrapper=wrapper, resident=resident, custom_hooks=hooks)
        finally:
            torch.cuda.set_sync_debug_mode('default')
        assert ('a step is one CUDA graph' in log_of(folder)) == graph
        assert 'not replayed' not in log_of(folder)
        curves.append(lines_of(folder))
    assert curves[1] == pytest.approx(curves[0], rel=0.03)


@pytest.mark.slow
def test_two_processes_are_trained_as_with_their_loaders(tmp_path, run_processes):
    """Half of each batch on each; BN and the loss are those of the whole batch."""
    run_processes(2, __file__, tmp_path)
    curves = [lines_of(tmp_path / name) for name in ('loader', 'resident')]
    assert len(curves[0]) == 8
    assert curves[1][:4] == pytest.approx(curves[0][:4], rel=1e-3)
    assert curves[1] == pytest.approx(curves[0], rel=0.05)


if __name__ == '__main__':
    for name, entries in (('loader', {}), ('resident', dict(resident=dict(graph=True)))):
        half = 'train_dataloader.batch_size=4'
        train(Path(sys.argv[1], name), half, launcher='pytorch', **entries)
    leave_together()
