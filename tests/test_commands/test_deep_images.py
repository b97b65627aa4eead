"""From a folder of 12-bit images of one channel to features and a verdict, without an option."""

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from mmengine.config import Config
from PIL import Image
from sklearn.datasets import load_digits

from mmbarlow.apis import extract_features, get_model
from mmbarlow.commands.main import command_line

FAST = ('--projector', '16-64', '--batch-size', '16', '--workers', '0', '--precision', 'fp32')
LOW, HIGH = 200, 3900  # of 4095


@pytest.fixture(scope='module')
def tiles(tmp_path_factory) -> Path:
    """48 digits as TIFF of 12 bits in 16, in folders of two classes."""
    folder = tmp_path_factory.mktemp('data') / 'tiles'
    images, labels = load_digits(return_X_y=True)
    for number, (pixels, label) in enumerate(zip(images[:48], labels, strict=False)):
        path = folder / ('even', 'odd')[label % 2] / f'{number}.tif'
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.kron(pixels.reshape(8, 8), np.ones((4, 4)))
        tifffile.imwrite(path, (LOW + image * (HIGH - LOW) / 16).astype(np.uint16))
    return folder


@pytest.fixture(scope='module')
def run(tiles, tmp_path_factory) -> tuple[Path, str]:
    """DIR of a training, and what the command has printed."""
    out = tmp_path_factory.mktemp('runs') / 'tiles'
    with pytest.MonkeyPatch.context() as patched:
        printed: list[str] = []
        patched.setattr('builtins.print', lambda *words, **_: printed.extend(map(str, words)))
        words = ['pretrain', tiles, '--out', out, '--epochs', '1', '--labeled', tiles, *FAST]
        with pytest.raises(SystemExit) as stopped:
            command_line([str(word) for word in words])
    assert not stopped.value.code
    return out, '\n'.join(printed)


def test_channels_and_range_are_measured_printed_and_in_the_config(run):
    out, text = run
    assert re.search(r'channels +1 +\S', text)
    assert re.search(rf'range +{LOW} to {HIGH} +\S', text)
    cfg = Config.fromfile(out / 'pretrain.py')
    assert cfg.model.backbone.in_channels == 1
    views = cfg.train_dataloader.dataset.pipeline[0]
    assert (views.channels, list(np.ravel(views.range))) == (1, [LOW, HIGH])
    pixels = 255 * load_digits().data[:48] / 16
    assert cfg.model.data_preprocessor.mean == pytest.approx([pixels.mean()], abs=0.5)
    assert cfg.model.data_preprocessor.std == pytest.approx([pixels.std()], abs=0.5)


def test_the_backbone_reads_new_images_as_the_training_did(run, tiles, tmp_path):
    model = get_model(run[0] / 'pretrain_backbone.pth')
    path = tiles / 'even' / '0.tif'
    stored = tifffile.imread(path)
    Image.fromarray(stored).save(tmp_path / 'same.png')  # 16 bits, too
    images = [path, tmp_path / 'same.png']
    found = extract_features(model, images, size=28, bar=False)  # the middle of 32 px
    scaled = (stored.astype(np.float64) - LOW) * 255 / (HIGH - LOW)
    mean, std = (getattr(model.data_preprocessor, k).flatten().item() for k in ('mean', 'std'))
    inputs = torch.from_numpy((scaled - mean) / std).float()[None, None, 2:30, 2:30]
    with torch.no_grad():
        wanted = model.eval()(inputs)
    torch.testing.assert_close(found, wanted.repeat(2, 1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        (['evaluate', 'RUN', 'TILES', '--size', '32'], 'Barlow Twins'),
        (
            ['compare', 'RUN', 'TILES', '--epochs', '1', '--seeds', '1', '--workers', '0'],
            'pretrained, fine-tuned',
        ),
        (['embed', 'RUN', 'TILES', '--out', 'OUT/f.npy'], '48 x 512'),
        (['views', 'RUN', '--output', 'OUT/v.png'], '1 channel'),
        (['views', 'TILES', '--output', 'OUT/v.png'], '48 images'),
    ],
)
def test_every_verb_takes_them(words, says, run, tiles, tmp_path, capsys):
    places = dict(RUN=str(run[0]), TILES=str(tiles), OUT=str(tmp_path))
    for name, place in places.items():
        words = [word.replace(name, place) for word in words]
    with pytest.raises(SystemExit) as stopped:
        command_line(words)
    out, err = capsys.readouterr()
    assert not stopped.value.code, err
    assert says in out


def test_suites_show_images_as_the_training_did(run, tiles, tmp_path, run_tool):
    for split in ('train', 'test'):
        (tmp_path / 'data' / split).parent.mkdir(exist_ok=True)
        (tmp_path / 'data' / split).symlink_to(tiles)
    few = [f'train_dataloader.{x}' for x in ('num_workers=0', 'persistent_workers=False')]
    few += [f'val_dataloader.{x}' for x in ('num_workers=0', 'persistent_workers=False')]
    few += ['train_dataloader.batch_size=8', 'train_dataloader.dataset.percent=50']
    few += ['train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    for suite, options, result in (
        ('knn_cifar10', ['test_evaluator.k=[1]'], r'top1_k1 100\.00'),  # the nearest is itself
        ('semi_cifar10-10percent', few, r'top1 \d'),
    ):
        status, text, err = run_tool(
            *('benchmark.py', run[0] / 'pretrain_backbone.pth', '--work-dir', tmp_path / 'made'),
            *('--suite', suite, '--cfg-options', f'data_root={tmp_path / "data"}', *options),
        )
        assert status == 0, text + err
        assert re.search(rf'{suite} +1 +{result}', text)


def test_a_range_that_cuts_off_much_is_refused_before_anything_is_written(tiles, tmp_path, capsys):
    out = tmp_path / 'r'
    words = ['pretrain', tiles, '--out', out, '--range', '1000,2000', '--epochs', '1', *FAST]
    with pytest.raises(SystemExit) as stopped:
        command_line([str(word) for word in words])
    assert stopped.value.code == 2
    assert '%' in (err := capsys.readouterr().err)
    assert 'range' in err
    assert not out.exists()
