"""What a training run says of its images before the first step, and when it does not start."""

from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from PIL import Image
from torch.utils.data import Subset

from mmbarlow.datasets.image_checks import check_sample
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.values import values_of
from mmbarlow.engine.pixels_hook import PixelsHook
from mmbarlow.errors import InputError

RAMP = np.linspace(0, 1, 40 * 40).reshape(40, 40)


def write(folder: Path, dark: int, good: int) -> Path:
    """Images of 12 bits in files of 16, and of 8 bits."""
    folder.mkdir()
    for i in range(dark):
        Image.fromarray((RAMP * 4095).astype(np.uint16)).save(folder / f'd{i:02}.png')
    for i in range(good):
        Image.fromarray((RAMP * 255).astype(np.uint8)).save(folder / f'g{i:02}.png')
    return folder


@pytest.fixture
def train(run_tool, tmp_path):
    """Two steps on a folder; returns (exit status, log, stderr)."""

    def run(folder: Path, *options: str) -> tuple[int, str, str]:
        name = 'barlowtwins_resnet50_1xb128-coslr-100e_folder.py'
        config = Path(__file__).parents[2] / 'configs' / 'barlowtwins' / name
        small = [
            *('model.backbone.depth=18', 'model.backbone.stem_channels=8'),
            *('model.backbone.base_channels=8', 'model.neck.in_channels=64'),
            *('model.neck.hid_channels=8', 'model.neck.out_channels=8', 'train_cfg.max_epochs=1'),
            *('model.head.in_channels=8', 'param_scheduler.warmup=0'),
            *('train_dataloader.batch_size=4', 'train_dataloader.num_workers=0'),
            *('train_dataloader.persistent_workers=False', f'data_root={folder}'),
            'train_dataloader.dataset.pipeline.0.size=32',
        ]
        work_dir = tmp_path / 'work'
        arguments = ['train.py', config, '--work-dir', work_dir, '--cfg-options', *small, *options]
        status, _, err = run_tool(*arguments)
        log = ''.join(path.read_text() for path in work_dir.glob('*/*.log'))
        return status, log, err

    return run


def test_depth_and_range_are_in_the_log(train, tmp_path):
    status, log, _ = train(write(tmp_path / 'data', dark=3, good=6))
    assert status == 0
    wanted = '9 of 9 training images looked at: 6 of 8-bit gray, 0 to 255 of 255; 3 of 16-bit gray,'
    assert f'{wanted} 0 to 4,095 of 65,535\n' in log
    assert 'dark      3: 3 of 16-bit gray, 0 to 4,095 of 65,535; the first is ' in log


def test_training_does_not_start_on_images_that_are_almost_black(train, tmp_path):
    folder = write(tmp_path / 'data', dark=5, good=3)
    status, log, err = train(folder)
    assert status == 2
    says = '5 of 8 images are almost black (5 of 16-bit gray, 0 to 4,095 of 65,535): in 8 bits'
    assert says in err
    assert 'max_dark_share=1 to train on them as they are' in err
    assert 'Epoch' not in log
    assert train(folder, 'default_hooks.pixels.max_dark_share=1')[0] == 0


def test_training_does_not_start_where_nothing_can_be_read(train, tmp_path):
    (tmp_path / 'data').mkdir()
    for i in range(5):
        Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / 'data' / f'{i}.tif')
    status, _, err = train(tmp_path / 'data')
    assert status == 2
    assert 'none of 5 sampled images can be read, the first is ' in err
    assert '0.tif (gray of float numbers)' in err


def test_the_sample_is_spread_over_the_data_set(tmp_path):
    dataset = ImageFolder(str(write(tmp_path / 'data', dark=0, good=9)))
    names = [Path(c.path).stem for c in check_sample(dataset, 3)]
    assert names == ['g00', 'g04', 'g08']
    assert len(check_sample(dataset, 64)) == 9
    (one,) = check_sample(Subset(dataset, [7]), 64)
    assert Path(one.path).stem == 'g07'
    assert check_sample([1, 2, 3], 2) == []


class Scaled(BaseTransform):
    """Has values, as the views of images of any channels do."""

    def __init__(self, channels: int, span: object) -> None:
        self.values = values_of(channels, span)

    def transform(self, results: dict) -> dict:
        return results


def look(folder: Path, channels: int, span: object, **options) -> list[str]:
    return PixelsHook(**options)._look(ImageFolder(str(folder), pipeline=[Scaled(channels, span)]))


def test_a_range_that_is_set_is_compared_with_the_images(tmp_path):
    folder = write(tmp_path / 'data', dark=5, good=0)
    wanted = 'uint16 of 1 channel: 5 images, 0 to 4,095 (12 of 16 bits)'
    assert look(folder, 1, (0, 4095)) == [f'5 of 5 training images looked at: {wanted}']
    for channels, span, message in (
        (1, 'dtype', 'leaves the images 16 of 255 levels'),
        (1, (0, 3000), r'cuts off 26\.8 % of the pixels, .*default_hooks.pixels.max_saturated=1'),
        (2, (0, 4095), 'where channels=2 is set: set channels=1'),
    ):
        with pytest.raises(InputError, match=message):
            look(folder, channels, span)
    assert look(folder, 1, 'dtype', max_dark_share=1)
    assert look(folder, 1, (0, 3000), max_saturated=1)
