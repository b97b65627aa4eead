"""What a task holds at most is seen, and a fork gives its answer back."""

import subprocess
import sys
from pathlib import Path

import pytest

from measure import memory
from mmbarlow.errors import InputError


def test_the_peak_counts_what_was_freed_again_and_not_what_was_there_before():
    # In a process of its own: what earlier tests left behind may be freed while this one counts.
    script = (
        'import torch; from measure import memory; kept = torch.ones(25_000_000);'
        'print(memory.peak(lambda: torch.ones(12_500_000).add(1).sum()), kept.numel())'
    )
    command = [sys.executable, '-c', script]
    folder = Path(memory.__file__).parents[1]
    out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
    assert 95e6 < int(out.split()[0]) < 130e6  # the ones and the sum, 50 MB each


def test_a_fork_answers_and_a_stopped_one_is_an_error():
    assert memory.in_a_fork(lambda: 42) == 42
    with pytest.raises(InputError, match='was stopped'):
        memory.in_a_fork(lambda: 1 // 0)


def test_a_peak_too_small_to_count_has_no_ratio():
    assert memory.ratio(6e9, to=2e9) == 3
    assert memory.ratio(0, to=2e9) is None
    assert memory.ratio(6e9, to=0) is None
