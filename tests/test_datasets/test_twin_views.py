"""The two views of an image: what comes out, and that it is what the official code makes."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from PIL import Image, ImageFilter, ImageOps
from scipy.stats import chi2
from torch.utils.data import DataLoader
from torchvision import transforms as T

from mmbarlow.datasets import view_ops
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.datasets.sample_random import Key, SampleIndex, ViewSampler
from mmbarlow.datasets.twin_views import TwinViews

STILL = dict(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0), flip=0.0, jitter=0.0, gray=0.0)
OFFICIAL = dict(view_a=dict(blur=1.0), view_b=dict(blur=0.1, solarize=0.2))


def noise(height=40, width=40, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def sample(index=0, epoch=0, seed=0, **image) -> dict:
    return dict(sample_idx=SampleIndex(index, Key(seed, epoch, index)), **image)


class Images(BaseDataset):
    """Arrays, through a pipeline."""

    def __init__(self, images: list[np.ndarray], pipeline: list) -> None:
        self.images = images
        super().__init__(pipeline=pipeline)

    def load_data_list(self) -> list[dict]:
        return [dict(img=image) for image in self.images]


def test_two_views_of_the_size_asked_for_come_out():
    views = TwinViews(24, **OFFICIAL).transform(sample(img=noise()))['img']
    assert [v.shape for v in views] == [(24, 24, 3)] * 2
    assert views[0].dtype == np.uint8
    assert not np.array_equal(*views)


def test_without_distortions_the_view_is_the_image():
    (view, _) = TwinViews(40, STILL, STILL).transform(dict(img=noise()))['img']
    assert np.array_equal(view, noise())


def test_views_depend_on_seed_epoch_index_and_view_alone():
    twins = TwinViews(24, dict(), dict())
    first = twins.transform(sample(3, 1, 7, img=noise()))['img']
    again = twins.transform(sample(3, 1, 7, img=noise()))['img']
    assert np.array_equal(first, again)
    others = [sample(4, 1, 7), sample(3, 2, 7), sample(3, 1, 8)]
    for other in others:
        assert not np.array_equal(first, twins.transform(other | dict(img=noise()))['img'])


@pytest.mark.parametrize('workers', [1, 2])
def test_any_number_of_workers_makes_the_same_views(workers):
    def epoch(number: int) -> list[np.ndarray]:
        dataset = Images([noise(seed=i) for i in range(8)], [TwinViews(16, **OFFICIAL)])
        sampler = ViewSampler(dataset, shuffle=True, seed=0)
        sampler.set_epoch(2)
        loader = DataLoader(dataset, 2, sampler=sampler, num_workers=number, collate_fn=list)
        return [view for batch in loader for one in batch for view in one['img']]

    assert np.array_equal(epoch(0), epoch(workers))


def test_a_large_file_is_decoded_smaller_where_no_view_can_tell(photographs):
    """A view of 32 pixels from 427 x 640 ones: mean difference at most 2 of 255."""
    twins, pixels = TwinViews(32, dict(), dict()), np.asarray(Image.open(photographs[0]))
    smaller = 0
    for index in range(20):
        views, drawn = twins.make(sample(index, img_path=photographs[0]))
        for i, view in enumerate(views):
            full = view_ops.apply(pixels, drawn.of(i), 32)
            assert np.abs(view.astype(int) - full).mean() < 2
            smaller += not np.array_equal(view, full)
    assert smaller > 20  # of 40


@pytest.mark.parametrize('mode', ['L', 'LA', 'RGBA', 'P', 'CMYK', '1'])
def test_files_of_any_mode_become_rgb(mode, tmp_path):
    path = tmp_path / ('image.jpg' if mode == 'CMYK' else 'image.png')
    Image.fromarray(noise()).convert(mode).save(path)
    views = TwinViews(16, dict(), dict()).transform(dict(img_path=path))['img']
    assert all(view.shape == (16, 16, 3) for view in views)


def test_the_view_of_evaluation_is_the_center():
    image = np.zeros((60, 100, 3), np.uint8)
    image[15:45, 35:65] = 255
    view = CenterView(size=30, resize=60).transform(dict(img=image))['img']
    assert view.min() == 255


# Against the official pipeline, `Transform` of its main.py.


def official(blur: float, solarize: float, size: int) -> T.Compose:
    def sometimes(probability, step):
        return lambda x: step(x) if random.random() < probability else x

    return T.Compose(
        [
            T.RandomResizedCrop(size, interpolation=T.InterpolationMode.BICUBIC),
            T.RandomHorizontalFlip(0.5),
            T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
            T.RandomGrayscale(p=0.2),
            sometimes(blur, lambda x: x.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2)))),
            sometimes(solarize, ImageOps.solarize),
        ]
    )


def features(view: np.ndarray) -> np.ndarray:
    """A view of 24 pixels as 3 x 3 means of each channel and their deviation, 30 numbers."""
    small = view.reshape(3, 8, 3, 8, 3).mean((1, 3)).ravel()
    return np.append(small, view.std((0, 1))) / 255


@pytest.mark.parametrize('view', [0, 1])
def test_two_thousand_views_have_mean_and_covariance_of_the_official_ones(photograph, view):
    """Of 2,000 different pieces of photographs each, within the error of sampling."""
    random.seed(0)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    twins, theirs = TwinViews(24, **OFFICIAL), official((1.0, 0.1)[view], (0.0, 0.2)[view], 24)
    a, b = [], []
    for i in range(2000):
        top, left = rng.integers(0, 427 - 64), rng.integers(0, 1280 - 64)
        piece = np.ascontiguousarray(photograph[top : top + 64, left : left + 64])
        a.append(features(twins.transform(sample(i, img=piece))['img'][view]))
        b.append(features(np.asarray(theirs(Image.fromarray(piece)))))
    a, b = np.array(a), np.array(b)
    # The two views of a piece resemble each other: the error is that of their difference.
    assert closeness(a - b) > 1e-3
    a, b = a - a.mean(0), b - b.mean(0)
    upper = np.triu_indices(30)
    products = [(x[:, :, None] * x[:, None])[:, upper[0], upper[1]] for x in (a, b)]
    z = (products[0] - products[1]).mean(0) / (products[0] - products[1]).std(0) * 2000**0.5
    assert np.abs(z).max() < 5  # of 465 numbers
    assert np.abs(z).mean() < 1.2  # 0.8 if only sampling moves them


def closeness(differences: np.ndarray) -> float:
    """p-value of Hotelling's test of a mean of 0, rows being independent."""
    n, mean = len(differences), differences.mean(0)
    square = n * mean @ np.linalg.solve(np.cov(differences.T), mean)
    return float(chi2.sf(square, len(mean)))


def test_the_comparison_above_sees_what_differs(photograph):
    """Two views without blur against two with it, on 200 pieces."""
    pieces = [photograph[100:164, 6 * i : 6 * i + 64] for i in range(200)]
    sharp, blurred = TwinViews(24, dict(), dict()), TwinViews(24, dict(blur=1.0), dict())
    a, b = (
        np.array([features(t.transform(sample(i, img=x))['img'][0]) for i, x in enumerate(pieces)])
        for t in (sharp, blurred)
    )
    assert closeness((a - b)[:, -3:]) < 1e-3


def test_paths_may_be_objects(photographs):
    assert isinstance(photographs[0], Path)
    assert len(TwinViews(8, dict(), dict()).transform(dict(img_path=photographs[0]))['img']) == 2
