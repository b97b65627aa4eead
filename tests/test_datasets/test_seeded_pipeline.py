"""What transforms of other packages draw belongs to the sample, not to the process."""

import random

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, Compose, ConcatDataset
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets.plain_views import LoadRGB
from mmbarlow.datasets.sample_random import ViewSampler
from mmbarlow.datasets.seeded_pipeline import SeededPipeline, seed_pipelines

IMAGES = 12


class Draws:
    """Of another package: draws from all three generators."""

    def __call__(self, results: dict) -> list[float]:
        place = results['sample_idx']
        return [int(place), random.random(), float(np.random.rand()), float(torch.rand(()))]


class Files(BaseDataset):
    def load_data_list(self) -> list[dict]:
        return [dict(img_path=f'{self.data_root}/{i}.png') for i in range(IMAGES)]


@pytest.fixture
def folder(tmp_path):
    for i in range(IMAGES):
        Image.new('RGB', (4, 4)).save(tmp_path / f'{i}.png')
    return tmp_path


def dataset_of(folder) -> Files:
    dataset = Files(data_root=str(folder), pipeline=[LoadRGB(skip_broken=True), Draws()])
    seed_pipelines(dataset)
    return dataset


def drawn(dataset, workers: int, epoch: int = 0, seed: int = 1) -> dict[int, list[float]]:
    sampler = ViewSampler(dataset, seed=seed)
    sampler.set_epoch(epoch)
    loader = DataLoader(dataset, 3, sampler=sampler, num_workers=workers, collate_fn=list)
    return {sample[0]: sample[1:] for batch in loader for sample in batch}


def test_draws_depend_on_seed_epoch_and_index_alone(folder):
    dataset = dataset_of(folder)
    here = drawn(dataset, 0)
    assert len(here) == IMAGES
    assert len({number for sample in here.values() for number in sample}) == 3 * IMAGES
    assert drawn(dataset, 2) == here
    others = [drawn(dataset, 0, epoch=1), drawn(dataset, 0, seed=2)]
    assert all(other[i] != here[i] for other in others for i in here)


def test_the_generators_of_the_process_that_trains_go_on_as_if_no_image_was_read(folder):
    def next_draws() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(()))]

    for broken in (None, folder / '3.png'):
        if broken:
            broken.write_bytes(b'no image')
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        wanted = next_draws()
        random.setstate(states[0])
        np.random.set_state(states[1])
        dataset = dataset_of(folder)
        for index in ViewSampler(dataset, seed=1):
            torch.set_rng_state(states[2])
            _ = dataset[index]
        assert next_draws() == wanted


def test_the_replacement_of_a_broken_image_draws_what_belongs_to_its_place(folder):
    whole = drawn(dataset_of(folder), 0)
    (folder / '3.png').write_bytes(b'no image')
    assert drawn(dataset_of(folder), 0) == drawn(dataset_of(folder), 2) == whole


def test_data_sets_of_several_are_seeded_and_pipelines_of_our_own_stay(folder):
    parts = [Files(data_root=str(folder), pipeline=[Draws()]) for _ in range(2)]
    seed_pipelines(ConcatDataset(parts))
    assert all(type(part.pipeline) is SeededPipeline for part in parts)
    own = Files(data_root=str(folder), pipeline=[LoadRGB()])
    seed_pipelines(own)
    assert type(own.pipeline) is Compose
