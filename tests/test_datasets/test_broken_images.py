"""In training another image takes the place of a broken one: the same one with any workers."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_reading import read_rgb
from mmbarlow.datasets.plain_views import LoadRGB
from mmbarlow.datasets.sample_random import Key, SampleIndex
from mmbarlow.datasets.twin_views import TwinViews
from mmbarlow.errors import InputError


@pytest.fixture
def folder(tmp_path) -> Path:
    """40 images, the even ones broken."""
    for i in range(40):
        path = tmp_path / f'{i:02}.png'
        Image.new('L', (8, 8), i).save(path)
        if i % 2 == 0:
            path.write_bytes(path.read_bytes()[:40])
    return tmp_path


def images(folder: Path, **kwargs) -> ImageFolder:
    return ImageFolder(str(folder), pipeline=[LoadRGB(skip_broken=True)], **kwargs)


def taken(folder: Path, workers: int) -> list[tuple]:
    loader = DataLoader(images(folder), 4, num_workers=workers, collate_fn=lambda samples: samples)
    return [
        (sample['img'].getpixel((0, 0))[0], sample['sample_idx'], sample.get('skipped'))
        for batch in loader
        for sample in batch
    ]


def test_the_replacement_is_the_same_with_any_number_of_workers(folder):
    alone = taken(folder, 0)
    assert taken(folder, 2) == taken(folder, 3) == alone
    assert [place for _, place, _ in alone] == list(range(40))
    assert all(value % 2 for value, _, _ in alone)
    assert len({value for value, place, _ in alone if place % 2 == 0}) > 5  # not always one


def test_what_was_skipped_comes_with_the_next_good_one(folder):
    for value, place, skipped in taken(folder, 0):
        if place % 2:
            assert (value, skipped) == (place, None)
        else:
            assert skipped[0] == (f'{folder}/{place:02}.png', 'no image')
            assert all(int(Path(path).stem) % 2 == 0 for path, _ in skipped)


def test_another_epoch_has_another_replacement(folder):
    dataset, values = images(folder), []
    for epoch in range(8):
        place = SampleIndex(0, Key(7, epoch, 0))
        sample = dataset[place]
        assert sample['sample_idx'] is place  # whose random numbers make the views
        values.append(sample['img'].getpixel((0, 0)))
    assert len(set(values)) > 3


def test_other_draws_of_a_process_are_not_disturbed(folder):
    np.random.seed(3)
    images(folder)[0]
    after = np.random.rand()
    np.random.seed(3)
    assert np.random.rand() == after


def test_the_two_views_are_made_of_the_replacement(folder):
    still = dict(crop_scale=(1.0, 1.0), jitter=0.0, gray=0.0)
    dataset = ImageFolder(str(folder), pipeline=[TwinViews(8, still, still)])
    sample = dataset[0]
    assert sample['img'][0][0, 0, 0] % 2 == 1
    assert sample['skipped'][0][0].endswith('/00.png')


def test_when_nothing_can_be_read_the_run_ends(tmp_path):
    for name in 'ab':
        (tmp_path / f'{name}.jpg').touch()
    with pytest.raises(InputError, match=r'100 images in a row .*a\.jpg \(empty\)'):
        images(tmp_path)[0]
    loader = DataLoader(images(tmp_path), 2, num_workers=1, collate_fn=pseudo_collate)
    with pytest.raises(InputError, match='100 images in a row'):
        next(iter(loader))


def test_a_good_image_costs_nothing(folder):
    results = dict(img_path=f'{folder}/01.png', sample_idx=1)
    assert Skipper(read_rgb).read(results) is not None
    assert set(results) == {'img_path', 'sample_idx'}
