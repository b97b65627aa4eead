"""The views that a device makes of packed crops are those that TwinViews makes of each image."""

import pickle

import numpy as np
import pytest
import torch
from mmpretrain.datasets import PackInputs
from PIL import Image
from scipy.stats import ks_2samp
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from mmbarlow.datasets import packed_twin_views
from mmbarlow.datasets.crop_matrices import crop_matrices
from mmbarlow.datasets.packed_twin_views import PackedTwinViews
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_crops import TwinCrops, pack_crops
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.engine.nonfinite_dump import not_finite
from mmbarlow.engine.replay import joined
from mmbarlow.errors import InputError
from mmbarlow.registry import FUNCTIONS

STILL = dict(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter=0.0, gray=0.0)
CROP = dict(crop_scale=(0.08, 1.0), crop_ratio=(3 / 4, 4 / 3))
NO_JITTER = dict(brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0)
OFFICIAL = dict(blur=1.0), dict(blur=0.1, solarize=0.2)
ALL = dict(blur=0.5, solarize=0.3), dict(blur=0.5, interpolation='bilinear')
PLAIN = dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0])
SIZES = [(90, 61), (64, 64), (50, 120), (33, 40), (200, 150), (131, 257), (30, 400), (5, 7)]


@pytest.fixture(scope='module')
def images(photograph) -> list[np.ndarray]:
    """Parts of photographs of many sizes, three of each."""
    rng, found = np.random.default_rng(0), []
    for height, width in SIZES * 3:
        top, left = (int(rng.integers(most)) for most in (427 - height, 1280 - width))
        found.append(photograph[top : top + height, left : left + width].copy())
    return found


def samples(images: list, epoch: int = 0) -> list[dict]:
    index = (SampleIndex(i, Key(5, epoch, i)) for i in range(len(images)))
    return [dict(img=image, sample_idx=i) for image, i in zip(images, index, strict=True)]


def batch_of(images: list, size, *views, epoch: int = 0) -> dict:
    crops, pack = TwinCrops(size, *views), PackInputs(meta_keys=())
    return pack_crops([pack(crops(sample)) for sample in samples(images, epoch)])


def on_device(images: list, size: int, *views) -> np.ndarray:
    """Both views of each image, (2, n, 3, size, size)."""
    made = PackedTwinViews(**PLAIN)(batch_of(images, size, *views), training=True)
    return torch.stack(made['inputs']).numpy()


def one_by_one(images: list, size: int, *views) -> np.ndarray:
    make = TwinViews(size, *views).transform
    pairs = [make(sample)['img'] for sample in samples(images)]
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
    ],
    ids=lambda x: ' '.join(x) if isinstance(x, dict) else '',
)
def test_each_step_is_that_of_twin_views(options, tolerance, images):
    """In levels of 255, mean over each view; TwinViews rounds to 8 bits after every step. Images
    are of the size of the views where they are not cropped: resizing them is tested by itself."""
    view = STILL | options
    if 'crop_scale' not in options:
        images = [np.asarray(Image.fromarray(image).resize((48, 48))) for image in images]
    found, wanted = (make(images, 48, view, view) for make in (on_device, one_by_one))
    assert np.abs(found - wanted).mean((2, 3, 4)).max() < tolerance


@pytest.mark.parametrize('size', [32, 64, 96])
def test_all_steps_together_are_those_of_twin_views(size, images):
    found, wanted = (make(images, size, *ALL) for make in (on_device, one_by_one))
    assert np.abs(found - wanted).mean((2, 3, 4)).max() < 2
    assert abs((found - wanted).mean()) < 0.3


@pytest.mark.parametrize('mode', ['bicubic', 'bilinear'])
def test_the_matrices_resize_as_pillow_does(mode, photograph):
    """Crops of 20 to 400 pixels that are smaller, as large and larger than the view, padded to one
    shape, in float32 against Pillow's 8 bits; the pixels that pad change nothing."""
    boxes = [(20, 400), (96, 96), (400, 50), (97, 300)]
    crops = torch.full((4, 3, 400, 400), 255.0)
    for crop, (height, width) in zip(crops, boxes, strict=True):
        crop[:, :height, :width] = torch.from_numpy(photograph[:height, :width]).permute(2, 0, 1)
    kind = torch.full((4,), ['bicubic', 'bilinear'].index(mode))
    entries = torch.stack([*torch.tensor(boxes).T, torch.tensor([0, 0, 1, 1]), kind])
    down, across = crop_matrices(entries, 96, 400, 400)
    made = (down[:, None] @ crops @ across[:, None].mT).clamp(0, 255)
    for i, (height, width) in enumerate(boxes):
        image = Image.fromarray(photograph[:height, :width])
        image = F.hflip(image) if i > 1 else image
        theirs = F.resize(image, [96, 96], InterpolationMode(mode))
        ours = made[i].permute(1, 2, 0).numpy()
        assert np.abs(ours - np.asarray(theirs)).mean() < 0.35  # rounding to 8 bits is 0.25


def jpegs(folder, count: int) -> list[str]:
    """Files of 900 x 1200 pixels, which TwinViews decodes at a half or a quarter for 64 px."""
    rng, paths = np.random.default_rng(0), []
    for i in range(count):
        small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        paths.append(str(folder / f'{i}.jpg'))
        small.resize((1200, 900), Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    return paths


def test_jpeg_files_have_the_crops_and_the_reduced_scale_of_twin_views(tmp_path):
    paths = jpegs(tmp_path, 6)
    files = [dict(img_path=sample.pop('img'), **sample) for sample in samples(paths)]
    pack, crops, twins = PackInputs(meta_keys=()), TwinCrops(64, *ALL), TwinViews(64, *ALL)
    batch = pack_crops([pack(crops(dict(file))) for file in files])
    assert len(batch['inputs']) < 6 * 3 * 900 * 1200 / 3  # of which a half in each direction
    found = torch.stack(PackedTwinViews(**PLAIN)(batch, training=True)['inputs']).numpy()
    wanted = np.array([twins(dict(f))['img'] for f in files], float).transpose(1, 0, 4, 2, 3)
    assert np.abs(found - wanted).mean((2, 3, 4)).max() < 2


def test_a_view_takes_no_more_than_sixteen_times_its_pixels(photograph):
    """Of an image that no JPEG decoder reduces, 8540 x 1280, the worker resizes the crops."""
    large = np.concatenate([photograph] * 20)
    batch = batch_of([large], 16, STILL | CROP, STILL | CROP)
    assert len(batch['inputs']) <= 2 * 3 * (4 * 16) ** 2 + 64
    found = PackedTwinViews(**PLAIN)(batch, training=True)['inputs']
    wanted = one_by_one([large], 16, STILL | CROP, STILL | CROP)
    assert np.abs(torch.stack(found).numpy() - wanted).max() < 1e-3


def test_the_views_of_an_image_do_not_depend_on_its_batch(images, monkeypatch):
    whole = on_device(images, 48, *ALL)
    monkeypatch.setattr(packed_twin_views, 'CPU_AT_ONCE', 5 * 3 * 48 * 48)
    assert np.abs(on_device(images, 48, *ALL) - whole).max() < 0.01
    assert np.abs(on_device(images[:3], 48, *ALL) - whole[:, :3]).max() < 0.01


def test_two_thousand_views_have_the_distribution_of_twin_views(photograph):
    """Mean and deviation of each view (Kolmogorov-Smirnov), which are drawn of other numbers."""
    image = photograph[:120, :160].copy()
    batch = batch_of([image] * 1000, 16, *ALL, epoch=1)
    ours = torch.cat(PackedTwinViews(**PLAIN)(batch, training=True)['inputs']).numpy()
    theirs = one_by_one([image] * 1000, 16, *ALL)
    for statistic in (np.mean, np.std):
        both = (statistic(views.reshape(2000, -1), 1) for views in (ours, theirs))
        assert ks_2samp(*both).pvalue > 0.001


@pytest.mark.parametrize('precision', [torch.float32, torch.bfloat16])
def test_views_are_float32_and_normalized_whatever_the_training_computes_in(images, precision):
    mean, std = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
    batch = batch_of(images, 48, *OFFICIAL)
    plain = PackedTwinViews(**PLAIN)(batch, training=True)['inputs']
    with torch.autocast('cpu', precision, enabled=precision != torch.float32):
        views = PackedTwinViews(mean, std)(batch, training=True)['inputs']
    for view, pixels in zip(views, plain, strict=True):
        assert (view.dtype, view.shape) == (torch.float32, (24, 3, 48, 48))
        back = view * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
        assert torch.allclose(back, pixels, atol=1e-3)


@pytest.mark.gpu
def test_a_gpu_makes_the_packed_views_of_a_cpu(images):
    """In levels of 255: sums in another order, and TF32 where products are matrix products."""
    batch, views = batch_of(images, 64, *ALL), PackedTwinViews(**PLAIN)
    on_cpu = torch.stack(views(batch, training=True)['inputs'])
    on_gpu = torch.stack(views.cuda()(batch, training=True)['inputs'])
    assert on_gpu.device.type == 'cuda'
    assert (on_gpu.cpu() - on_cpu).abs().mean((2, 3, 4)).max() < 0.5


def test_a_batch_survives_its_way_from_a_worker_and_says_where_it_belongs(images):
    batch = batch_of(images[:4], 48, *OFFICIAL)
    again = pickle.loads(pickle.dumps(batch))
    views = PackedTwinViews(**PLAIN)
    assert all(map(torch.equal, *(views(b, True)['inputs'] for b in (batch, again))))
    assert FUNCTIONS.get('mmbarlow.pack_crops') is pack_crops
    assert not views.state_dict()


def test_the_batches_of_several_processes_are_replayed_as_one(images):
    """As dumps of a step that was not finite hold them."""
    batches = [batch_of(part, 48, *OFFICIAL) for part in (images[:3], images[3:8])]
    dumps = [
        dict(inputs=b['inputs'], packed={k: b[k].clone() for k in ('numbers', 'parts')}, samples=[])
        for b in batches
    ]
    views = PackedTwinViews(**PLAIN)
    found = views(joined(dumps), True)['inputs']
    wanted = zip(*(views(b, True)['inputs'] for b in batches), strict=True)
    assert all(
        torch.allclose(f, torch.cat(w), atol=0.01) for f, w in zip(found, wanted, strict=True)
    )
    assert not_finite(batches[0]['inputs']) == []


def test_what_does_not_fit_together_is_a_sentence(images):
    with pytest.raises(InputError, match='collate_fn.type=mmbarlow.pack_crops'):
        PackedTwinViews(**PLAIN)(dict(inputs=[torch.zeros(4, 3, 32, 32)] * 2), training=True)
    pack, twins = PackInputs(meta_keys=()), TwinViews(32, *ALL)
    with pytest.raises(InputError, match='packs what mmbarlow.TwinCrops'):
        pack_crops([pack(twins(sample)) for sample in samples(images[:2])])
    with pytest.raises(InputError, match='does not rotate'):
        TwinCrops(32, dict(rotate=5), dict())
