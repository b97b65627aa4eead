"""Real photographs for the tests of the views."""

from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image


@pytest.fixture(scope='session')
def photographs() -> list[Path]:
    """The two JPEG files that scikit-learn ships, 640 x 427 pixels."""
    folder = Path(sklearn.datasets.__file__).parent / 'images'
    return [folder / 'china.jpg', folder / 'flower.jpg']


@pytest.fixture(scope='session')
def photograph(photographs) -> np.ndarray:
    """Both next to each other, RGB uint8 (427, 1280, 3)."""
    return np.hstack([np.asarray(Image.open(path).convert('RGB')) for path in photographs])
