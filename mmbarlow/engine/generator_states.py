"""The generators of random numbers of a process, as plain values."""

import random
from typing import Any

import numpy as np
import torch


def generators(device: torch.device) -> dict[str, Any]:
    """The states of all generators of random numbers, as plain values."""
    name, keys, *rest = np.random.get_state(legacy=True)
    states: dict[str, Any] = dict(torch=torch.get_rng_state(), python=random.getstate())
    states['numpy'] = name, torch.from_numpy(np.asarray(keys, np.int64)), *rest
    if device.type == 'cuda':
        states['cuda'] = torch.cuda.get_rng_state(device)
    return states


def set_generators(states: dict[str, Any]) -> None:
    """Put all generators into the states that `generators` returned."""
    torch.set_rng_state(states['torch'])
    version, numbers, gauss = states['python']
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = states['numpy']
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'])
