"""Images of a disc and a square with their masks, and segmentors small enough for a CPU."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmbarlow.config import load_config

WIDTH, HEIGHT = 72, 56
CLASSES = ('background', 'disc', 'square')
COLORS = np.array([[60, 60, 60], [220, 60, 40], [40, 90, 220]], float)


def draw_shapes(count: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images (H, W, 3) and masks (H, W) with a disc on the left and a square on the right."""
    rng, found = np.random.default_rng(0), []
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for _ in range(count):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        r, side = (int(n) for n in (rng.integers(9, 15), rng.integers(16, 27)))
        center = rng.integers(r, WIDTH // 2 - r + 1), rng.integers(r, HEIGHT - r)
        mask[(x - center[0]) ** 2 + (y - center[1]) ** 2 < r * r] = 1
        left, top = rng.integers(WIDTH // 2, WIDTH - side), rng.integers(0, HEIGHT - side)
        mask[top : top + side, left : left + side] = 2
        image = COLORS[mask] + rng.normal(0, 12, (*mask.shape, 3))
        found.append((image.clip(0, 255).astype(np.uint8), mask))
    return found


@pytest.fixture(scope='session')
def write_shapes():
    """Write `images/`, `masks/` and `classes.txt`, in all of the splits or flat."""

    def write(root: Path, splits: tuple[str, ...] = ('train', 'val'), count: int = 8) -> Path:
        for split in splits:
            for folder in ('images', 'masks'):
                (root / folder / split).mkdir(parents=True, exist_ok=True)
            for i, (image, mask) in enumerate(draw_shapes(count)):
                Image.fromarray(image).save(root / 'images' / split / f'{i}.jpg', quality=95)
                Image.fromarray(mask).save(root / 'masks' / split / f'{i}.png')
        (root / 'classes.txt').write_text('\n'.join(CLASSES))
        return root

    return write


@pytest.fixture(scope='session')
def shapes(tmp_path_factory, write_shapes) -> Path:
    """Eight images, the same to train and to test on."""
    return write_shapes(tmp_path_factory.mktemp('shapes'))


@pytest.fixture(scope='session')
def shrink():
    """A config for shapes with its own structure, at their size."""

    def shrunk(path: Path, data: Path, work_dir: Path, **options) -> Config:
        cfg = load_config(path, dict(data_root=str(data), **options), str(work_dir))
        for name in ('train', 'val', 'test'):
            loader = cfg[f'{name}_dataloader']
            loader.update(num_workers=0, persistent_workers=False)
            for step in loader.dataset.pipeline:
                step.update({k: (WIDTH, HEIGHT) for k in ('scale',) if k in step})
                step.update({k: (HEIGHT, WIDTH) for k in ('crop_size',) if k in step})
        cfg.train_dataloader.batch_size = 8
        cfg.model.data_preprocessor.size = (HEIGHT, WIDTH)
        cfg.model.backbone.depth = 18
        return cfg

    return shrunk
