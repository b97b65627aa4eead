"""Every config that is shipped builds, and trains or evaluates, at reduced size."""

import itertools
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from mmbarlow import registry as own_registries
from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config
from mmbarlow.datasets.digits import Digits
from mmbarlow.evaluation.classifiers import train_classifier
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import modalities_of
from mmbarlow.registry import METRICS, TRANSFORMS

CONFIGS = Path(__file__).parents[1] / 'configs'
FILES = sorted(p for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts)
TRAINING = [p for p in FILES if 'benchmarks' not in p.parts]
# These need mmdet or mmseg, and have their tests in test_detection/ and test_segmentation/.
TRANSFERS = [p for p in FILES if p.parent.name.endswith(('_detection', '_segmentation'))]
BENCHMARKS = [p for p in FILES if 'benchmarks' in p.parts and p not in TRANSFERS]
TRAINED = [p for p in BENCHMARKS if 'train_cfg' in Config.fromfile(p)]
PROTOCOLS = [p for p in BENCHMARKS if p not in TRAINED]

DIGITS: dict[str, list[dict]] = {}


@pytest.fixture(scope='module')
def data(tmp_path_factory, make_voc) -> Path:
    """A few random images in the layout of every data set."""
    root, rng = tmp_path_factory.mktemp('data'), np.random.default_rng(0)

    def images(folder: Path, *names: str, mode: str = 'RGB') -> None:
        folder.mkdir(parents=True)
        for name in names:
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / name)

    names = [f'{i}.JPEG' for i in range(4)]
    tiny = root / 'tiny-imagenet-200'
    for label in ('n01440764', 'n01443537'):
        for split in ('train', 'val', 'test'):
            images(root / split / label, *names)
        images(tiny / 'train' / label / 'images', *names)
    images(tiny / 'val' / 'images', *names)
    for name, prefix in dict(
        places205='data/vision/torralba/deeplearning/images256', inat18=''
    ).items():
        images(root / name / prefix, *names)
        (root / name / 'meta').mkdir()
        for split in ('train', 'val'):
            (root / name / 'meta' / f'{split}.txt').write_text(''.join(f'{n} 1\n' for n in names))
    (tiny / 'wnids.txt').write_text('n01443537\nn01440764\n')
    rows = [f'{name}\tn01440764\t0\t0\t9\t9\n' for name in names]
    (tiny / 'val' / 'val_annotations.txt').write_text(''.join(rows))

    for folder, files in (
        ('cifar-10-batches-py', [*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch']),
        ('cifar-100-python', ['train', 'test']),
    ):
        (root / folder).mkdir()
        for name in files:
            key = 'labels' if '10-' in folder else 'fine_labels'
            batch = {'data': rng.integers(0, 256, (4, 3072), dtype=np.uint8), key: [0, 1, 1, 0]}
            (root / folder / name).write_bytes(pickle.dumps(batch))
    (root / 'stl10_binary').mkdir()
    for split in ('train', 'test', 'unlabeled'):
        stem = root / 'stl10_binary' / split
        rng.integers(0, 256, 4 * 3 * 96 * 96, dtype=np.uint8).tofile(f'{stem}_X.bin')
        np.array([1, 2, 10, 1], np.uint8).tofile(f'{stem}_y.bin')
    for split in ('train', 'val'):
        images(root / 'listed' / split, *names)
        (root / 'listed' / 'meta').mkdir(exist_ok=True)
        (root / 'listed' / 'meta' / f'{split}.txt').write_text(''.join(f'{n} 1\n' for n in names))
    for folder, channels in (('s1', 2), ('s2c', 13)):
        (root / 'ssl4eo' / folder / '0000001').mkdir(parents=True)
        for season in range(4):
            values = rng.normal(-15, 5, (40, 50, channels)).astype(np.float32)
            path = root / 'ssl4eo' / folder / '0000001' / f'{season}.tif'
            tifffile.imwrite(path, values, photometric='minisblack', planarconfig='contig')
    for folder, mode in (('luminance', 'L'), ('chroma', 'RGB')):
        images(root / 'cifar10_ycbcr' / 'train' / folder, *names, mode=mode)
    with zipfile.ZipFile(root / 'images.zip', 'w') as archive:
        for path in (root / 'train').rglob('*.JPEG'):
            archive.write(path, path.relative_to(root))
    objects = [('cow', 0), ('dog', 0)]
    make_voc(root, dict(trainval={'000005': objects}, test={'000001': objects}))
    return root


@pytest.fixture(autouse=True)
def _no_download(monkeypatch):
    """Let mmpretrain and torchvision take the generated data for the real ones."""
    from mmpretrain.datasets import CIFAR10
    from torchvision.datasets import STL10

    for dataset in (CIFAR10, STL10):
        monkeypatch.setattr(dataset, '_check_integrity', lambda self: True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Leaves out what takes longer than the test itself, once per config or per data set."""
    # MMEngine's data sets collect the garbage of the whole process
    monkeypatch.setattr('mmengine.dataset.base_dataset.gc.collect', lambda: 0)
    # the digits are read and enlarged once
    load = Digits.load_data_list

    def load_once(self) -> list[dict]:
        if self.split not in DIGITS:
            DIGITS[self.split] = load(self)
        return [dict(sample) for sample in DIGITS[self.split]]

    monkeypatch.setattr(Digits, 'load_data_list', load_once)


def reduced(path: Path, data: Path, work_dir: Path, child: Path | None = None) -> Config:
    """The config with its own structure, on a handful of images and with narrow layers.

    With a `child`, which has `path` as its base, it is that of the child.
    """
    folder = dict(
        tinyimagenet='tiny-imagenet-200',
        places205='places205',
        inat18='inat18',
        list='listed',
        archive='images.zip',
        ycbcr='cifar10_ycbcr',
        ssl4eo='ssl4eo',
    )
    data = data / folder.get(path.stem.rsplit('_', 1)[-1], '')
    cfg = load_config(child or path, dict(data_root=str(data)), str(work_dir))
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if loader in cfg:
            shrink(cfg[loader])
    for loop in ('val_cfg', 'test_cfg'):
        if cfg.get(loop):
            shrink(cfg[loop].bank_dataloader)
    if path in TRAINING:
        for model in modalities_of(cfg).values():
            narrow(model)
    if 'modalities' in cfg.get('model', {}):
        cfg.model.head.update(in_channels=16, common=12)
    return cfg


def narrow(model: Config) -> None:
    """Very many are built, so that narrow networks save minutes."""
    if 'neck' in model and 'in_channels' in model.head:
        model.neck.update(hid_channels=16, out_channels=16)
        model.head.in_channels = 16
        if isinstance(model.head.get('temperature'), dict):
            model.head.temperature.batch_size = 4
    if model.head.get('criterion', {}).get('type') == 'mmbarlow.WMSELoss':
        model.neck.out_channels = model.head.in_channels = 3  # fewer than the images
    after = model.get('neck', model.head)
    if model.backbone.type == 'mmpretrain.VisionTransformer':
        arch = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32)
        model.backbone.update(arch=arch, img_size=32)
        after.in_channels = 16
    else:
        model.backbone.update(base_channels=8, stem_channels=8)
        after.in_channels = 256 if model.backbone.depth == 50 else 64


def first_layer(model) -> torch.Tensor:
    """Weights that learn first in the network, or in that of the first of two modalities."""
    model = next(iter(getattr(model, 'modalities', {'': model}).values()))
    return next(p for p in model.backbone.parameters() if p.requires_grad and p.ndim > 1)


def shrink(loader: Config) -> None:
    loader.update(batch_size=4, num_workers=0, persistent_workers=False, pin_memory=False)
    if loader.dataset.type == 'mmbarlow.LabelSubset':
        loader.dataset.percent = 50
    dataset = labeled(loader)
    if dataset.type == 'mmbarlow.ImageNetSubset':  # its list is tested where it is read
        dataset.type = 'mmpretrain.ImageNet'
        del dataset['subset']
    if dataset.type == 'mmpretrain.ImageNet':  # pretraining takes any classes
        dataset.metainfo = dict(classes=['n01440764', 'n01443537'])
    elif dataset.type == 'mmbarlow.Digits':
        dataset.indices = 100  # enough for five images of each digit
    elif 'indices' in dataset:  # of images that a handful does not have
        del dataset['indices']
    for step in dataset.pipeline:
        if 'size' in step:
            step.size = 32


def labeled(loader: Config) -> Config:
    """The data set that has the pipeline: the loader's, or the one inside of it."""
    return loader.dataset.get('dataset', loader.dataset)


@pytest.fixture(scope='module')
def encoder() -> tuple[Encoder, dict]:
    """A narrow untrained ResNet-18 that still tells BGR from RGB, and its config."""
    cfg = dict(
        backbone=dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8),
        data_preprocessor=dict(
            type='mmpretrain.SelfSupDataPreprocessor', mean=[100, 110, 120], std=[50, 60, 70]
        ),
    )
    model = Encoder(**cfg)
    model.init_weights()
    return model, cfg


@pytest.mark.parametrize('path', TRAINING, ids=lambda p: p.stem)
def test_a_training_config_builds_in_whole_and_makes_one_step(path, data, tmp_path):
    cfg = reduced(path, data, tmp_path)
    runner = Runner.from_cfg(cfg)
    assert len(runner.train_loop.dataloader) > 0
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.param_schedulers = runner.build_param_scheduler(runner.param_schedulers)
    assert runner.val_loop is not None or 'val_cfg' not in cfg
    assert 'test_cfg' not in cfg or runner.test_loop.protocols
    for scheduler in runner.param_schedulers:  # past the first step, whose rate may be 0
        runner.optim_wrapper.optimizer.step()
        scheduler.step()

    before = first_layer(runner.model).clone()
    losses = runner.model.train_step(next(iter(runner.train_dataloader)), runner.optim_wrapper)
    assert torch.isfinite(losses['loss'])
    terms = [value for name, value in losses.items() if 'loss_' in name]
    assert losses['loss'] == sum(terms) or cfg.model.type.startswith('mmpretrain.')  # one term
    assert not torch.equal(before, first_layer(runner.model))


@pytest.mark.parametrize('path', TRAINING, ids=lambda p: p.stem)
def test_a_config_of_ones_own_trains_as_the_recipe_it_is_based_on(path, data, tmp_path):
    child = tmp_path / 'own.py'
    base = path.relative_to(CONFIGS)
    child.write_text(f"_base_ = 'mmbarlow::{base}'\ntrain_cfg = dict(max_epochs=1)\n")
    cfg = reduced(path, data, tmp_path, child)
    kept = load_config(path).to_dict() | dict(work_dir=None, train_cfg=None)
    own = load_config(child).to_dict() | dict(work_dir=None, train_cfg=None)
    assert own == kept
    if path == TRAINING[0]:
        cfg.train_dataloader.update(num_workers=1)
    runner = Runner.from_cfg(cfg)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    batch = next(iter(runner.train_dataloader))
    assert torch.isfinite(runner.model.train_step(batch, runner.optim_wrapper)['loss'])
    for loop in ('val_loop', 'test_loop'):
        if getattr(runner, loop):
            batch = next(iter(getattr(runner, loop).dataloader))
            assert batch['inputs'].dtype == torch.uint8


@pytest.mark.parametrize('path', TRAINED, ids=lambda p: p.stem)
def test_a_training_benchmark_trains_the_evaluated_network_and_gives_percent(
    path, data, tmp_path, encoder
):
    cfg = reduced(path, data, tmp_path)
    cfg.train_cfg.max_epochs = 1
    metrics = train_classifier(*encoder, cfg)
    wanted = {'top1', 'top5', 'top1_best'}
    if 'multihead' in path.stem:
        wanted = {'feature1', 'feature2', 'feature3', 'feature4', 'feature5', 'avgpool'}
    elif path.stem in ('linear_places205', 'linear_inat18'):  # VISSL's heads
        wanted = {'top1', 'top1_best'} | ({'top1_avgpool'} if 'inat18' in path.stem else set())
    assert set(metrics) == wanted
    assert all(0 <= value <= 100 for value in metrics.values())

    after = read_checkpoint(tmp_path / 'epoch_1.pth')['state_dict']
    still = {
        name: torch.equal(
            tensor, next(v for k, v in after.items() if k.endswith(f'backbone.{name}'))
        )
        for name, tensor in encoder[0].backbone.state_dict().items()
    }
    parameters = [still.pop(name) for name, _ in encoder[0].backbone.named_parameters()]
    frozen = next((hook for hook in cfg.custom_hooks if hook.type == 'mmbarlow.FrozenHook'), None)
    assert all(parameters) == (frozen is not None)
    assert all(still.values()) == (frozen is not None and not frozen.get('drift'))


@pytest.mark.parametrize('path', TRAINED, ids=lambda p: p.stem)
def test_red_stays_red_from_an_array_and_from_a_file(path, tmp_path):
    red = np.zeros((40, 50, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    Image.fromarray(red).save(tmp_path / 'red.png')
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        # Grayscale, which some draw, may take the color away; nothing else may.
        steps = [s for s in labeled(loader).pipeline if not s.type.endswith('RandomGrayscale')]
        pipeline = Compose([TRANSFORMS.build(step) for step in steps])
        for source in (dict(img=red), dict(img_path=tmp_path / 'red.png')):
            r, g, b = pipeline(source)['inputs'].float().mean((1, 2))
            assert r > max(g, b) + 40


def test_lighting_moves_the_colors_along_the_published_axes():
    """The published values are for R, G, B between 0 and 1; nothing wraps around at 255."""
    cfg = Config.fromfile(CONFIGS / 'benchmarks' / 'multihead' / 'multihead_imagenet.py')
    (step,) = [s for s in cfg.train_dataloader.dataset.pipeline if s.type.endswith('Lighting')]
    white = np.full((2, 2, 3), 255, np.float32)
    np.random.seed(0)
    got = TRANSFORMS.build(step)(dict(img=white))['img'][0, 0] / 255 - 1
    axes = [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]]
    alpha = np.random.RandomState(0).normal(0, 0.1, 3)
    wanted = np.array(axes) @ (alpha * [0.2175, 0.0188, 0.0045])
    np.testing.assert_allclose(got, wanted, atol=1e-6)


@pytest.mark.parametrize('path', PROTOCOLS, ids=lambda p: p.stem)
def test_a_benchmark_config_has_labeled_data_and_a_protocol(path, data, tmp_path):
    cfg = reduced(path, data, tmp_path)
    METRICS.build(cfg.test_evaluator)
    for loader in (cfg.test_dataloader, cfg.test_cfg.bank_dataloader):
        batch = next(iter(Runner.build_dataloader(loader)))
        assert batch['inputs'].dtype == torch.uint8
        assert all((sample.gt_label >= 0).all() for sample in batch['data_samples'])


def test_own_names_are_always_scoped():
    """An unscoped BarlowTwins would silently be mmpretrain's."""
    own = {
        name
        for registry in vars(own_registries).values()
        if hasattr(registry, 'module_dict')
        for name in (registry.import_from_location(), registry.module_dict)[1]
    }
    assert {'BarlowTwins', 'LARS', 'TwinViews', 'KNN'} <= own
    for path in CONFIGS.rglob('*.py'):
        used = set(re.findall(r"""(?:type|constructor)=['"](\w+)['"]""", path.read_text()))
        assert not used & own, f'{path}: write mmbarlow.{(used & own).pop()}'


def test_no_key_stands_in_two_facets():
    facets = set((CONFIGS / '_base_').rglob('*.py'))
    for name in ('detection', 'segmentation'):  # never beside a classifier's
        facets.remove(CONFIGS / '_base_' / f'{name}_runtime.py')
    keys = {path: set(Config.fromfile(path)) for path in facets}
    for path, other in itertools.combinations(keys, 2):
        if path.parent != other.parent:
            assert not keys[path] & keys[other], f'{path} and {other}'


def test_every_config_opens_with_its_command_and_stands_by_its_name():
    for path in FILES:
        docstring = path.read_text().split('"""')[1]
        command = f'{path.stem}.py' if path in TRAINING else f'--suite {path.stem}'
        assert command in docstring, path
        if path in TRAINING:
            assert re.fullmatch(r'[\w-]+_\d+xb\d+-\w+-\d+e_\w+', path.stem.split('_', 1)[1]), path


@pytest.mark.parametrize(
    ('pattern', 'interpolation'),
    [
        ('*/*barlowtwins_resnet18_1xb128-coslr-200e_*', 'bilinear'),  # lightly
        ('baselines/*_resnet18_1xb128-coslr-200e_cifar10', 'bilinear'),
        ('mixed_barlowtwins/*_1xb256-coslr-?000e_cifar10*', 'bilinear'),  # mix-bt at 32 px
        ('mixed_barlowtwins/*_1xb256-*_stl10', 'bicubic'),  # and at 64
        ('mixed_barlowtwins/*_1xb256-*_tinyimagenet', 'bicubic'),
        ('amcl/*_1xb512-*', 'bilinear'),  # AMCL
        ('*/*-stem7*_cifar10', 'bicubic'),  # ours, and measured with it
        ('*/*_digits', 'bicubic'),
        ('barlowtwins/*_in1k', 'bicubic'),  # the official code
    ],
)
def test_crops_are_resized_as_in_the_run_that_a_recipe_reproduces(pattern, interpolation):
    found = [p for p in CONFIGS.glob(f'{pattern}.py') if 'benchmarks' not in p.parts]
    views = [view for path in found for view in views_of(load_config(path))]
    assert views
    assert {view.get('interpolation', 'bicubic') for view in views} == {interpolation}


def views_of(cfg: Config) -> list[dict]:
    """The two views of a recipe; none of one with labels."""
    steps = [cfg.model.data_preprocessor, *cfg.train_dataloader.dataset.get('pipeline', [])]
    return [step[name] for step in steps if 'view_a' in step for name in ('view_a', 'view_b')]
