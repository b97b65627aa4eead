import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from mmbarlow.evaluation.features import Features


@pytest.fixture(scope='session')
def digits() -> tuple[Features, ...]:
    """Raw 8 x 8 pixels, 1,437 images for training and 360 for the test."""
    pixels, labels = load_digits(return_X_y=True)
    a, b, la, lb = train_test_split(pixels, labels, test_size=360, stratify=labels, random_state=0)
    return tuple(
        Features(torch.from_numpy(x).float(), torch.from_numpy(y)) for x, y in ((a, la), (b, lb))
    )
