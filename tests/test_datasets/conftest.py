"""A real photograph for the tests of the views."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope='session')
def photograph(photographs) -> np.ndarray:
    """Both next to each other, RGB uint8 (427, 1280, 3)."""
    return np.hstack([np.asarray(Image.open(path).convert('RGB')) for path in photographs])
