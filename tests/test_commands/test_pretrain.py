"""`mmbarlow pretrain`: from images to a backbone, or one sentence and nothing written."""

import json
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image
from sklearn.datasets import load_digits

from mmbarlow.apis import extract_features, get_model
from mmbarlow.commands import pretraining
from mmbarlow.commands.main import command_line
from mmbarlow.loss import loss_floor

FAST = ('--projector', '16-64', '--batch-size', '16', '--workers', '0', '--precision', 'fp32')


@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> Path:
    """40 digits as JPEG, in folders of ten classes, of four sizes."""
    folder = tmp_path_factory.mktemp('data') / 'my photos'
    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        if number == 40:
            break
        image = Image.fromarray((pixels * 15.9).astype(np.uint8))
        path = folder / str(label) / f'{number}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        image.resize((32 + number % 4, 32 + number % 3 * 2)).save(path)
    return folder


@pytest.fixture
def verb(capsys):
    """Call a verb as the shell would; returns (exit status, stdout, stderr)."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            command_line([str(word) for word in words])
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run


@pytest.fixture(scope='module')
def trained(photos, tmp_path_factory) -> Path:
    """DIR of a finished run of two epochs, with labeled images, started outside of the clone."""
    out = tmp_path_factory.mktemp('runs') / 'first run'
    words = ['pretrain', photos, '--out', out, '--epochs', '2', '--labeled', photos, *FAST]
    with pytest.raises(SystemExit) as stopped:
        command_line([str(word) for word in words])
    assert not stopped.value.code
    return out


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob('*'))


def test_one_command_makes_a_backbone_that_needs_no_config(trained, photos):
    model = get_model(trained / 'pretrain_backbone.pth')
    image = photos / '0' / '0.jpg'
    assert extract_features(model, [image], size=32, bar=False).shape == (1, 512)
    (record,) = (trained / 'records').glob('*.json')
    found = json.loads(record.read_text())
    assert found['dataset'] == 'my-photos'
    assert found['metrics']['epochs'] == 2
    assert '40 images' in found['scale']


def test_labeled_images_are_classified_while_it_trains(trained):
    (log,) = trained.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    measured = [line for line in lines if 'KNN/top1_k10' in line]
    assert len(measured) == 2  # epochs
    assert all(0 <= line['LinearProbe/top1'] <= 100 for line in measured)


def test_the_config_is_what_train_py_takes(trained, run_tool, tmp_path):
    text = (trained / 'pretrain.py').read_text()
    assert len(text.splitlines()) < 130
    assert 'mmbarlow pretrain' in text.split('"""')[1]
    cfg = Config.fromfile(trained / 'pretrain.py')
    assert cfg.model.neck.in_channels == 512
    status, out, err = run_tool('train.py', trained / 'pretrain.py', '--work-dir', tmp_path / 'w')
    assert (status, err) == (0, '')
    ours, theirs = (
        torch.load(folder / 'pretrain_backbone.pth', weights_only=True)['state_dict']
        for folder in (trained, tmp_path / 'w')
    )
    assert all(ours[name].equal(theirs[name]) for name in ours)


def test_a_finished_run_and_other_settings_are_refused_and_stay_whole(trained, photos, verb):
    before = {p: p.stat().st_mtime_ns for p in trained.rglob('*')}
    again = ['pretrain', photos, '--out', trained, '--labeled', photos]
    status, _, err = verb(*again, '--epochs', '2', *FAST)
    assert status == 2
    assert 'finished' in err
    status, _, err = verb(*again, '--epochs', '3', *FAST)
    assert status == 2
    assert '--epochs 2, now 3' in err
    assert {p: p.stat().st_mtime_ns for p in trained.rglob('*')} == before


def test_the_same_command_goes_on_where_it_was(trained, photos, verb, tmp_path, monkeypatch):
    """Left after the first epoch, as Ctrl-C leaves it, the run ends with the same weights."""
    from mmbarlow.engine.live_bar_hook import LiveBarHook
    from mmbarlow.engine.signals_hook import signals

    words = ['pretrain', photos, '--epochs', '2', '--labeled', photos, *FAST]
    monkeypatch.chdir(tmp_path)
    seen = []
    with monkeypatch.context() as patch:
        patch.setattr(LiveBarHook, 'after_train_epoch', lambda *_: seen.append(1), raising=False)
        patch.setattr(signals, 'pending', lambda: 2 if seen else 0)
        status, _, err = verb(*words)
    assert status == 130
    assert 'continues' in err
    status, out, err = verb(*words)
    assert (status, err) == (0, '')
    assert 'goes on' in out
    ours, theirs = (
        torch.load(path, weights_only=True)['state_dict']
        for path in (
            trained / 'pretrain_backbone.pth',
            Path('runs', photos.name, 'pretrain_backbone.pth'),
        )
    )
    assert all(ours[name].equal(theirs[name]) for name in ours)


def test_what_is_chosen_is_printed_with_its_flags_and_the_loss_over_its_floor(
    photos, verb, tmp_path
):
    status, out, err = verb('pretrain', photos, '--out', tmp_path / 'r', '--epochs', '2', *FAST)
    assert (status, err) == (0, '')
    assert '40 images of 32 x 32 to 35 x 36 px' in out
    flags = re.findall(r' (--[\w-]+)$', out, re.MULTILINE)
    assert {'--backbone', '--image-size', '--batch-size', '--lr', '--epochs'} <= set(flags)
    lines = [line for line in out.splitlines() if 'x floor' in line]
    assert len(lines) == 2  # the first and the last step: no terminal, and no time between them
    floor = re.search(r'floor of the loss: ([\d.]+)', out)[1]
    loss, times = re.search(r'loss ([\d.]+), ([\d.]+) x floor', lines[0]).groups()
    assert float(loss) / loss_floor(16, 64, 0.0051) == pytest.approx(float(times), rel=0.01)
    assert float(floor) == pytest.approx(loss_floor(16, 64, 0.0051), abs=0.06)
    assert f'mmbarlow evaluate {tmp_path / "r"}' in out


@pytest.mark.parametrize(
    ('backbone', 'channels'),
    [('convnext_tiny', 768), ('vit_tiny', 192), ('timm/vit_tiny_patch16_224', 192)],
)
def test_other_backbones_are_trained_and_read_back(backbone, channels, photos, verb, tmp_path):
    words = ['--epochs', '1', '--backbone', backbone, *FAST]
    status, out, err = verb('pretrain', photos, '--out', tmp_path, *words)
    assert (status, err) == (0, '')
    assert re.search(r'optimizer +adamw', out)
    model = get_model(tmp_path / 'pretrain_backbone.pth')
    image = photos / '0' / '0.jpg'
    assert extract_features(model, [image], size=32, bar=False).shape == (1, channels)


def test_it_starts_from_the_weights_of_a_file(trained, photos, verb, tmp_path):
    weights = trained / 'pretrain_backbone.pth'
    words = ['--epochs', '1', '--init', weights, '--lr', '1e-9', *FAST]
    status, out, err = verb('pretrain', photos, '--out', tmp_path, *words)
    assert (status, err) == (0, '')
    assert re.search(r'init +.*: 120 of 120 tensors; the projector starts anew', out)
    before, after = (
        torch.load(path, weights_only=True)['state_dict']['conv1.weight']
        for path in (weights, tmp_path / 'pretrain_backbone.pth')
    )
    assert torch.allclose(before, after, atol=1e-6)


def test_a_training_is_planned_to_end_in_its_minutes(photos, verb, tmp_path, monkeypatch):
    measured = []
    trial = pretraining.Trial.pair_seconds
    monkeypatch.setattr(
        pretraining.Trial, 'pair_seconds', lambda self: measured.append(trial(self)) or 0.5
    )
    status, out, err = verb('pretrain', photos, '--out', tmp_path, '--minutes', '3', *FAST)
    assert (status, err) == (0, '')
    assert 0 < measured[0] < 1  # seconds for an image of 32 px
    train = Config.fromfile(tmp_path / 'pretrain.py')
    images, epochs = train.train_dataloader.sampler['images'], train.train_cfg.max_epochs
    assert images == 32  # two steps: no time for ten passes through 40
    assert 0.7 < 0.5 * images * epochs / 180 < 1


def bad_folder(tmp_path: Path, photos: Path, kind: str) -> Path:
    folder = tmp_path / 'in'
    folder.mkdir()
    source = photos / '0' / '0.jpg'
    if kind == 'three':
        for number in range(3):
            shutil.copy(source, folder / f'{number}.jpg')
    elif kind == 'same':
        for number in range(30):
            shutil.copy(source, folder / f'{number}.jpg')
    elif kind == 'other':
        (folder / 'notes.txt').write_text('nothing')
        (folder / 'film.mp4').write_bytes(b'nothing')
    elif kind == 'broken':
        for number in range(30):
            (folder / f'{number}.jpg').write_bytes(b'no image %d' % number)
    return folder


@pytest.mark.parametrize(
    ('kind', 'told'),
    [
        ('empty', 'no image'),
        ('three', 'has 3 images'),
        ('same', '30 were looked at, and 1 differs'),
        ('other', '1 .mp4'),
        ('broken', 'cannot be read'),
    ],
)
def test_a_folder_that_is_no_data_ends_in_a_sentence(kind, told, photos, verb, tmp_path):
    folder = bad_folder(tmp_path, photos, kind)
    status, _, err = verb('pretrain', folder, '--out', tmp_path / 'out')
    assert status == 2
    assert told in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['--backbone', 'resnet19'], 'did you mean resnet18'),
        (['--backbone', 'timm/resnet19'], 'timm/resnet18'),
        (['--init', 'nowhere.pth'], 'nowhere.pth'),
        (['--init', 'torchvision', '--backbone', 'vit_tiny'], 'torchvision'),
        (['--minutes', '0.001'], '--minutes is too short'),
        (['--batch-size', '41'], '--batch-size 41'),
        (['--projector', '16-8-16'], '--projector'),
        (['--resume'], 'nothing to resume'),
        (['--image-size', '4', '--backbone', 'convnext_tiny'], 'of 4 px'),
        (['--labeled', 'EMPTY'], 'empty'),
        (['--labeled', 'ONE'], 'a.jpg'),
        (['--out', '/proc/nothing/there'], '/proc/nothing'),
    ],
)
def test_options_that_do_not_fit_end_in_a_sentence(words, told, photos, verb, tmp_path):
    for name in ('EMPTY', 'ONE/a'):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(photos / '0' / '0.jpg', tmp_path / 'ONE' / 'a' / 'a.jpg')
    words = [tmp_path / word if word in ('EMPTY', 'ONE') else word for word in words]
    small = [] if '--projector' in words or '--batch-size' in words else FAST
    before = files(tmp_path)
    status, _, err = verb('pretrain', photos, '--out', tmp_path / 'out', *small, *words)
    assert status == 2
    assert told.replace('a.jpg', 'only the class a') in err
    assert len(err.splitlines()) == 1
    assert files(tmp_path) == before


def test_a_folder_with_other_files_is_no_place_for_results(photos, verb, tmp_path):
    (tmp_path / 'thesis.tex').write_text('mine')
    status, _, err = verb('pretrain', photos, '--out', tmp_path)
    assert status == 2
    assert 'is not empty' in err
    assert files(tmp_path) == ['thesis.tex']


def test_an_hdf5_file_stands_for_a_folder(verb, tmp_path):
    """Of gray images, of 16 bits: their channels and range are measured, as of files."""
    pixels = np.kron(load_digits().images[:20], np.ones((1, 4, 4)))
    with h5py.File(tmp_path / 'scans.h5', 'w') as file:
        rows = (300 + 200 * pixels).astype(np.uint16)
        file.create_dataset('train/images', data=rows, chunks=(1, 32, 32))
    out = tmp_path / 'run'
    status, _, err = verb('pretrain', tmp_path / 'scans.h5', '--out', out, '--epochs', '1', *FAST)
    assert status == 0, err
    model = get_model(out / 'pretrain_backbone.pth')
    assert model.backbone.conv1.in_channels == 1
    cfg = Config.fromfile(out / 'pretrain.py')
    assert list(np.ravel(cfg.train_dataloader.dataset.pipeline[0].range)) == [300, 3500]
