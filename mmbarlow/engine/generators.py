"""The states of a process's random number generators, as plain values."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmbarlow.datasets.sample_random import Key, seed_generators


def generator_states(devices: Sequence[torch.device] = ()) -> dict[str, Any]:
    """Those of Python, NumPy, torch on the CPU and torch on the CUDA `devices`."""
    _, words, gauss = random.getstate()
    numpy: Any = np.random.get_state()
    return dict(
        python=[torch.tensor(words), gauss],
        numpy=[torch.from_numpy(numpy[1].astype(np.int64)), *numpy[2:]],
        torch=torch.get_rng_state(),
        cuda=[torch.cuda.get_rng_state(device) for device in devices],
    )


def set_generators(states: dict[str, Any], devices: Sequence[torch.device] = ()) -> None:
    """Go on from `states`; the devices may have other numbers than they had."""
    words, gauss = states['python']
    random.setstate((3, tuple(words.tolist()), gauss))  # 3 is the version of this form
    keys, *rest = states['numpy']
    np.random.set_state(('MT19937', keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states['torch'])
    for device, state in zip(devices, states['cuda'], strict=False):
        torch.cuda.set_rng_state(state, device)


def derive_generators(seed: int, step: int, number: int, devices: Sequence[torch.device]) -> None:
    """Start from states that the seed, the step and the process's number determine."""
    seed_generators(Key(seed, step, number))
    for device in devices:
        with torch.cuda.device(device):
            torch.cuda.manual_seed(torch.initial_seed())
