"""The modules that the tools of speed share are found as these tools find them."""

import sys
from pathlib import Path

import cv2
import pytest
import torch

sys.path.append(str(Path(__file__).parents[3] / 'tools' / 'speed'))


@pytest.fixture
def _threads():
    """As many threads after the test as before it: some tools take one."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])
