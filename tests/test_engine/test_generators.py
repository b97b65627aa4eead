"""A process's generators go on from what was saved, or from what the seed says."""

import random

import numpy as np
import torch

from mmbarlow.checkpoints import is_plain
from mmbarlow.engine.generators import derive_generators, generator_states, set_generators


def draws() -> list[float]:
    gauss = [random.gauss(0, 1), np.random.standard_normal()]  # each keeps a second number
    return [*gauss, random.random(), np.random.rand(), torch.rand(()).item(), torch.randn(5)[3]]


def test_what_is_saved_is_plain_and_gives_the_same_numbers_again():
    draws()
    states = generator_states()
    assert is_plain(states)
    wanted = draws()
    set_generators(states)
    assert draws() == wanted


def test_numbers_from_the_seed_differ_by_step_and_process():
    found = []
    for key in ((0, 5, 0), (0, 5, 0), (0, 6, 0), (0, 5, 1), (1, 5, 0)):
        derive_generators(*key, devices=[])
        found.append(draws())
    assert found[0] == found[1]
    assert len({tuple(map(float, numbers)) for numbers in found}) == 4
