"""Masks, classes, heads and evaluation fit together: a segmentor learns eight images by heart."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmbarlow.engine import pretraining
from mmbarlow.paths import BENCHMARKS
from mmbarlow.segmentation.preparation import prepare_masks

FCN = BENCHMARKS / 'own_segmentation' / 'fcn_masks.py'
ITERATIONS = 150


@pytest.fixture(scope='module')
def learned(tmp_path_factory, shapes, shrink) -> Path:
    """The folder of a training from scratch, and the predictions of its last evaluation in it.

    The shipped config, but for a ResNet-18 with a quarter of the channels, sizes and length.
    """
    folder = tmp_path_factory.mktemp('learned')
    cfg = shrink(FCN, shapes, folder)
    cfg.train_cfg.update(max_iters=ITERATIONS, val_interval=ITERATIONS)
    cfg.model.backbone.base_channels = 16
    cfg.model.decode_head.channels = cfg.model.auxiliary_head.channels = 32
    cfg.train_dataloader.dataset.pipeline[2].ratio_range = (1.0, 1.0)
    cfg.optim_wrapper.optimizer.lr = 0.05
    cfg.val_evaluator.output_dir = str(folder / 'predicted')
    cfg.default_hooks.logger.interval = 50
    prepare_masks(cfg)
    pretraining.pretrain(cfg, quiet=True)
    return folder


def metrics_of(folder: Path) -> dict[str, float]:
    (log,) = folder.glob('*/vis_data/scalars.json')
    return json.loads(log.read_text().splitlines()[-1])


def test_eight_images_are_learned_by_heart(learned):
    assert metrics_of(learned)['own/mIoU'] >= 90


def test_the_metrics_are_those_of_the_predictions_in_float64(learned, shapes):
    """mIoU and mAcc are means over classes, whose pixels are counted over all images together."""
    counts_KK = np.zeros((3, 3))
    for file in sorted((shapes / 'masks' / 'val').iterdir()):
        truth = np.asarray(Image.open(file))
        found = np.asarray(Image.open(learned / 'predicted' / file.name))
        np.add.at(counts_KK, (truth.ravel(), found.ravel()), 1)
    right, truth, found = counts_KK.diagonal(), counts_KK.sum(1), counts_KK.sum(0)
    wanted = dict(
        mIoU=(right / (truth + found - right)).mean(),
        mAcc=(right / truth).mean(),
        aAcc=right.sum() / counts_KK.sum(),
    )
    for name, value in wanted.items():
        assert metrics_of(learned)[f'own/{name}'] == pytest.approx(100 * value, abs=0.1)


def test_pictures_show_image_annotation_and_prediction_side_by_side(learned, shapes):
    pictures = sorted((learned / 'pictures').iterdir())
    assert [picture.name for picture in pictures] == [f'{i}.png' for i in range(8)]
    drawn = np.asarray(Image.open(pictures[0])).astype(float)
    image = np.asarray(Image.open(shapes / 'images' / 'val' / '0.jpg'))
    height, width, _ = image.shape
    assert drawn.shape == (height, 3 * width, 3)
    assert np.array_equal(drawn[:, :width], image)
    annotated, predicted = drawn[:, width : 2 * width], drawn[:, 2 * width :]
    assert abs(annotated - image).mean() > 20
    assert abs(annotated - predicted).mean() < 20
