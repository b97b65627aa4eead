"""The views of a batch are those that TwinViews makes of each image alone."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from PIL import Image
from sklearn.datasets import load_sample_images
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import resized_crop

from mmbarlow.apis import extract_features, get_model
from mmbarlow.datasets import batch_twin_views
from mmbarlow.datasets.batch_twin_views import BatchTwinViews
from mmbarlow.datasets.sample_random import Key, SampleIndex, uniforms
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.datasets.view import NUMBERS, Views
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS
from mmbarlow.zoo import records

STILL = dict(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter=0.0, gray=0.0)
CROP = dict(crop_scale=(0.08, 1.0), crop_ratio=(3 / 4, 4 / 3))
NO_JITTER = dict(brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0)
ALL = dict(rotate=15.0, blur=0.5, solarize=0.3), dict(blur=0.5)
PLAIN = dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0])


def photographs(height: int, width: int, count: int = 24) -> list[np.ndarray]:
    """Parts of the two photographs that scikit-learn ships."""
    rng, images = np.random.default_rng(0), []
    for i in range(count):
        left, top = rng.integers(0, (440, 227))
        part = Image.fromarray(load_sample_images().images[i % 2]).crop(
            (left, top, left + 200, top + 200)
        )
        images.append(np.array(part.resize((width, height), Image.Resampling.BICUBIC)))
    return images


@pytest.fixture(scope='module')
def squares() -> list[np.ndarray]:
    return photographs(32, 32)


def indices(count: int, epoch: int = 0) -> list[SampleIndex]:
    return [SampleIndex(i, Key(5, epoch, i)) for i in range(count)]


def batch_of(images: list[np.ndarray], index: list[SampleIndex]) -> dict:
    pixels = torch.stack([torch.from_numpy(image).permute(2, 0, 1) for image in images])
    return dict(
        inputs=pixels, data_samples=[DataSample(metainfo=dict(sample_idx=i)) for i in index]
    )


def in_batch(images: list[np.ndarray], index: list[SampleIndex], size: int, *views) -> np.ndarray:
    """Both views of each image, (2, n, 3, size, size)."""
    made = BatchTwinViews(size, *views, **PLAIN)(batch_of(images, index), training=True)
    return torch.stack(made['inputs']).numpy()


def one_by_one(images: list[np.ndarray], index: list[SampleIndex], size: int, *views) -> np.ndarray:
    make = TwinViews(size, *views).transform
    pairs = [make(dict(img=x, sample_idx=i))['img'] for x, i in zip(images, index, strict=True)]
    return np.array(pairs, float).transpose(1, 0, 4, 2, 3)


@pytest.mark.parametrize(
    ('options', 'tolerance'),
    [
        (dict(), 1e-3),
        (dict(flip=0.5), 1e-3),
        (dict(solarize=0.5), 1e-3),
        (CROP, 0.5),
        (CROP | dict(interpolation='bilinear'), 0.5),
        (NO_JITTER | dict(jitter=1.0, brightness=0.4), 0.5),
        (NO_JITTER | dict(jitter=1.0, contrast=0.4), 0.5),
        (NO_JITTER | dict(jitter=1.0, saturation=0.2), 1),
        (NO_JITTER | dict(jitter=1.0, hue=0.5), 1.5),
        (dict(jitter=0.8), 1.5),
        (dict(gray=0.5), 0.5),
        (dict(blur=0.5), 0.5),
        (dict(rotate=30.0), 1),
    ],
    ids=lambda x: ' '.join(x) if isinstance(x, dict) else '',
)
def test_each_step_is_that_of_twin_views(options, tolerance, squares):
    """In levels of 255, mean over each view; TwinViews rounds to 8 bits after every step."""
    view, index = STILL | options, indices(len(squares))
    found = in_batch(squares, index, 32, view, view)
    wanted = one_by_one(squares, index, 32, view, view)
    assert np.abs(found - wanted).mean((2, 3, 4)).max() < tolerance


@pytest.mark.gpu
@pytest.mark.parametrize(('height', 'width', 'size'), [(32, 32, 32), (64, 48, 32), (96, 96, 96)])
def test_a_gpu_makes_the_views_of_a_cpu(height, width, size):
    """In levels of 255: sums in another order, and TF32 where products are matrix products."""
    batch = batch_of(photographs(height, width), indices(24))
    views = BatchTwinViews(size, *ALL, **PLAIN)
    on_cpu = torch.stack(views(batch, training=True)['inputs'])
    on_gpu = torch.stack(views.cuda()(batch, training=True)['inputs'])
    assert on_gpu.device.type == 'cuda'
    assert (on_gpu.cpu() - on_cpu).abs().mean((2, 3, 4)).max() < 0.5


@pytest.mark.parametrize('make', [in_batch, one_by_one])
@pytest.mark.parametrize('interpolations', [['bilinear'] * 2, ['bicubic', 'bilinear']])
def test_each_view_is_resized_as_torchvision_does_with_its_interpolation(make, interpolations):
    """RandomResizedCrop's own resizing of the box that was drawn, on a Pillow image, at 40 x 56."""
    images, index = photographs(40, 56), indices(24)
    options = [STILL | CROP | dict(interpolation=name) for name in interpolations]
    found = make(images, index, 32, *options)
    keys = np.array([i.key for i in index])
    boxes = Views(*options).draw(uniforms(keys, 2, NUMBERS), 56, 40).box
    for view, name, other in zip((0, 1), interpolations, interpolations[::-1], strict=True):
        errors, others = [], []
        for image, box, ours in zip(images, boxes[view], found[view], strict=True):
            left, top, width, height = box.tolist()
            for mode, into in ((name, errors), (other, others)):
                theirs = resized_crop(
                    *(Image.fromarray(image), top, left, height, width, [32, 32]),
                    InterpolationMode(mode),
                )
                pixels = np.asarray(theirs, float).transpose(2, 0, 1)
                into.append(np.abs(ours - pixels).mean())
        assert max(errors) < 0.35  # rounding to 8 bits is 0.25
        if other != name:
            assert np.mean(others) > 1


def test_an_interpolation_that_does_not_exist_is_a_sentence():
    with pytest.raises(InputError, match="interpolation='area' of a view must be 'bicubic' or"):
        BatchTwinViews(32, dict(interpolation='area'), dict(), **PLAIN)


@pytest.mark.parametrize(('height', 'width', 'size'), [(32, 32, 32), (64, 48, 32), (40, 56, 64)])
def test_all_steps_together_are_those_of_twin_views(height, width, size):
    images, index = photographs(height, width), indices(24)
    found, wanted = (make(images, index, size, *ALL) for make in (in_batch, one_by_one))
    assert np.abs(found - wanted).mean((2, 3, 4)).max() < 2
    # Nothing is brighter in the mean, but for what OpenCV's way back from HSV cuts off.
    assert abs((found - wanted).mean()) < 0.3


def test_each_image_has_parameters_of_its_own_and_other_ones_in_another_epoch(squares):
    same = squares[:1] * 16
    views = np.concatenate([in_batch(same, indices(16, epoch), 32, *ALL) for epoch in (0, 1)])
    assert len(np.unique(views.reshape(64, -1).round(2), axis=0)) == 64


def test_the_views_of_an_image_do_not_depend_on_its_batch(squares, monkeypatch):
    index = indices(len(squares))
    whole = in_batch(squares, index, 32, *ALL)
    few = [7, 3, 11]
    part = in_batch([squares[i] for i in few], [index[i] for i in few], 32, *ALL)
    assert np.abs(whole[:, few] - part).max() < 0.01
    monkeypatch.setattr(batch_twin_views, 'CPU_AT_ONCE', 5 * 3 * 32 * 32)
    assert np.abs(in_batch(squares, index, 32, *ALL) - whole).max() < 0.01


def test_without_keys_numpy_draws(squares):
    views = BatchTwinViews(32, *ALL, **PLAIN)
    batch = dict(inputs=batch_of(squares, [])['inputs'])
    made = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        made.append(views(batch, training=True)['inputs'][0])
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


@pytest.mark.parametrize('precision', [torch.float32, torch.bfloat16])
def test_views_are_normalized_in_float32_whatever_the_training_computes_in(squares, precision):
    mean, std = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
    batch = batch_of(squares, indices(len(squares)))
    plain = BatchTwinViews(32, *ALL, **PLAIN)(batch, training=True)['inputs']
    with torch.autocast('cpu', precision, enabled=precision != torch.float32):
        views = BatchTwinViews(32, *ALL, mean, std)(batch, training=True)['inputs']
    for view, pixels in zip(views, plain, strict=True):
        assert (view.dtype, view.shape) == (torch.float32, (24, 3, 32, 32))
        back = view * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
        assert torch.allclose(back, pixels, atol=1e-3)


def test_out_of_training_it_is_the_preprocessor_of_mmpretrain(squares):
    cfg = dict(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0])
    ours = MODELS.build(
        dict(cfg, type='mmbarlow.BatchTwinViews', size=24, view_a=dict(), view_b=dict())
    )
    theirs = MODELS.build(dict(cfg, type='mmpretrain.SelfSupDataPreprocessor'))
    batch = batch_of(squares, indices(len(squares)))
    assert torch.equal(ours(batch)['inputs'], theirs(batch)['inputs'])
    twice = dict(batch, inputs=[batch['inputs']] * 2)
    assert all(map(torch.equal, ours(twice)['inputs'], theirs(twice)['inputs']))
    assert not ours.state_dict()  # checkpoints fit either


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ([torch.zeros(3, 32, 32), torch.zeros(3, 40, 32)], r'one size.*\(3, 32, 32\), \(3, 40, 32'),
        ([torch.zeros(4, 3, 32, 32)] * 2, r'not 2 tensors.*CenterView'),
        (torch.zeros(4, 3, 32, 32), 'uint8 RGB images.*not torch.float32'),
        (torch.zeros(4, 1, 32, 32, dtype=torch.uint8), r'RGB.*\(4, 1, 32, 32\).*CenterView'),
    ],
)
def test_what_is_no_batch_of_images_is_refused(inputs, message):
    with pytest.raises(InputError, match=message):
        BatchTwinViews(32, dict(), dict(), **PLAIN)(dict(inputs=inputs), training=True)


def on_device(cfg: Config) -> None:
    """Let the data preprocessor of a config make the views, in place."""
    twin, pack = cfg.train_dataloader.dataset.pipeline
    cfg.train_dataloader.dataset.pipeline = [dict(type='mmbarlow.CenterView', size=32), pack]
    views = {key: twin[key] for key in ('size', 'view_a', 'view_b')}
    cfg.model.data_preprocessor.update(views, type='mmbarlow.BatchTwinViews')


def test_it_makes_the_views_that_a_loader_with_twin_views_gives(digits_config):
    """The keys come through a worker, as they do there."""
    init_default_scope('mmengine')
    cfg = Config.fromfile(digits_config)
    loader, preprocessor = cfg.train_dataloader, cfg.model.data_preprocessor
    loader.update(batch_size=16, num_workers=1, persistent_workers=False)
    loader.dataset.indices = 32
    loader.sampler.type = 'mmbarlow.ViewSampler'
    theirs, normalize = Runner.build_dataloader(loader, seed=3), MODELS.build(preprocessor)
    on_device(cfg)
    ours, make = Runner.build_dataloader(loader, seed=3), MODELS.build(preprocessor)
    level = 1 / min(preprocessor.std)
    for batch, twins in zip(ours, theirs, strict=True):
        pairs = zip(make(batch, True)['inputs'], normalize(twins, True)['inputs'], strict=True)
        assert all((view - twin).abs().mean() < 2 * level for view, twin in pairs)


def test_a_training_with_it_leaves_a_network_to_use(run_tool, digits_config, small, tmp_path):
    """Trained for two steps, evaluated by kNN and read back, all with this preprocessor."""
    cfg = Config.fromfile(digits_config)
    on_device(cfg)
    path = tmp_path / digits_config.name
    cfg.dump(path)
    status, _, err = run_tool('train.py', path, '--work-dir', tmp_path, '--cfg-options', *small)
    assert status == 0, err
    (record,) = records.read_folder(tmp_path / 'records')
    assert record.metrics['loss'] > 0
    assert 'KNN/top1_k10' in record.curve[-1]
    model = get_model(tmp_path / f'{path.stem}_backbone.pth')
    assert isinstance(model.data_preprocessor, BatchTwinViews)
    assert extract_features(model, [np.zeros((50, 40, 3), np.uint8)], size=32).shape == (1, 256)
