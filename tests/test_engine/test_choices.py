"""The rule of `mmbarlow pretrain`: each choice from facts alone."""

import pytest
import torch

from mmbarlow.engine.choice_facts import Facts
from mmbarlow.engine.choices import RULES, choose_settings, table
from mmbarlow.engine.probing import largest_that_fits
from mmbarlow.errors import InputError

CPU = Facts(images=5000, side=32, gpu=False, cores=2, memory=2.0**34, bf16=False, batch_norm=True)
GPU = Facts(
    images=50_000, side=400, gpu=True, cores=16, memory=80e9, bf16=True, batch_norm=True, fits=256
)


def values(facts: Facts, **asked) -> dict:
    return {name: choice.value for name, choice in choose_settings(facts, asked).items()}


def test_what_is_asked_for_is_what_is_chosen():
    asked = {name: name for name in RULES} | dict(batch_size=8, epochs=3, epoch_images=9)
    assert values(CPU, **asked) == asked
    assert all(choice.asked for choice in choose_settings(CPU, asked).values())


def test_a_gpu_gets_the_recipe_of_the_paper():
    chosen = values(GPU)
    assert chosen['backbone'] == 'resnet50'
    assert (chosen['image_size'], chosen['stem'], chosen['views']) == (224, '7x7', 'paper')
    assert (chosen['projector'], chosen['optimizer']) == ('8192-8192-8192', 'lars')
    assert chosen['lr'] == pytest.approx(0.4)  # of the author, for 256
    assert chosen['epochs'] * 50_000 == 30_000_000


def test_small_images_keep_their_size_and_get_the_small_stem_on_a_gpu_alone():
    small = Facts(**{**vars(GPU), 'side': 33})
    assert (values(small)['image_size'], values(small)['stem']) == (32, '3x3')
    assert (values(CPU)['image_size'], values(CPU)['stem']) == (32, '7x7')
    assert values(Facts(**{**vars(small), 'init': True}))['stem'] == '7x7'


def test_trainings_of_few_or_of_many_steps_have_lars():
    short = values(Facts(**{**vars(CPU), 'seconds': 60, 'pair_seconds': 0.01}))
    assert (short['optimizer'], short['weight_decay']) == ('lars', 1e-6)
    longer = values(CPU)  # 200 epochs of 19 steps
    assert (longer['optimizer'], longer['weight_decay']) == ('adamw', 1e-4)


def test_without_bn_the_optimizer_is_adamw():
    bare = values(Facts(**{**vars(GPU), 'batch_norm': False}))
    assert (bare['optimizer'], bare['weight_decay']) == ('adamw', 0.05)
    assert bare['lr'] == pytest.approx(5e-4)


@pytest.mark.parametrize('images', [16, 40, 500, 5000, 50_000, 10**6])
def test_a_batch_has_its_images_and_a_warmup_its_epochs(images):
    for facts in (CPU, GPU):
        chosen = values(Facts(**{**vars(facts), 'images': images}))
        assert 2 <= chosen['batch_size'] <= images / 2
        assert chosen['warmup'] < chosen['epochs']


def test_a_batch_that_memory_does_not_take_is_run_in_chunks():
    assert values(GPU)['chunk_size'] is None
    assert values(Facts(**{**vars(GPU), 'fits': 64}))['chunk_size'] == 64
    # 2 views of 128 images of 96 px and 900 bytes a pixel are 2.1 GB, of half of the memory
    assert values(CPU, image_size=96)['chunk_size'] is None
    assert values(Facts(**{**vars(CPU), 'memory': 4.0e9}), image_size=96)['chunk_size'] == 64


@pytest.mark.parametrize('seconds', [20, 60, 600, 6000])
def test_the_time_is_used_to_nine_tenths_and_not_exceeded(seconds):
    facts = Facts(**{**vars(CPU), 'seconds': seconds, 'pair_seconds': 0.01})
    chosen = values(facts)
    images, batch = chosen['epoch_images'] or facts.images, chosen['batch_size']
    steps = chosen['epochs'] * (images // batch)
    assert 0.9 * seconds < steps * batch * 0.01 <= seconds


def test_too_short_a_time_is_refused_with_one_that_does():
    facts = Facts(**{**vars(CPU), 'seconds': 3, 'pair_seconds': 0.1})
    with pytest.raises(InputError, match='Give --minutes 2 or more'):
        choose_settings(facts, {})


def test_each_choice_is_told_with_its_flag():
    lines = list(table(choose_settings(CPU, {}), hidden={'stem'}))
    assert len(lines) == len(RULES) - 1
    assert all(len(line) <= 100 for line in lines)


def test_the_largest_batch_that_fits_is_found_by_halving():
    tried = []

    def step(images: int) -> None:
        tried.append(images)
        if images > 70:
            raise torch.cuda.OutOfMemoryError

    assert largest_that_fits(256, step) == 64
    assert tried == [256, 128, 64]
