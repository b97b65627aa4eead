"""What happens to disk and data during a run: a sentence, and a run that goes on later."""

import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.zoo.curve import read_curve

EVERY = [
    *('model.backbone.stem_channels=8', 'model.backbone.base_channels=8'),
    *('model.neck.in_channels=64', 'default_hooks.checkpoint.interval=1'),
    *('default_hooks.logger.interval=1', 'train_cfg.max_epochs=3'),
]


@HOOKS.register_module()
class Disaster(Hook):
    """Happens after the third step, which is in the second epoch."""

    priority = 'HIGHEST'
    what = staticmethod(lambda runner: None)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter == 2:
            runner.writer.wait()  # the first epoch's checkpoint is there
            Disaster.what(runner)


@pytest.fixture
def config(digits_config, small, tmp_path):
    def make(work_dir: str = 'run', **entries) -> Config:
        values = {
            k: DictAction._parse_iterable(v) for k, v in (p.split('=', 1) for p in [*small, *EVERY])
        }
        cfg = load_config(digits_config, {}, str(tmp_path / work_dir))
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.merge_from_dict(values)
        for key, value in entries.items():
            cfg[key] = value
        return cfg

    return make


def happens(cfg: Config, what, says: str, monkeypatch) -> None:
    monkeypatch.setattr(Disaster, 'what', staticmethod(what))
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='Disaster')]
    with pytest.raises(InputError, match=says):
        pretrain(cfg, quiet=True)


def goes_on(cfg: Config) -> list[float]:
    """Returns the epochs of its curve."""
    resume_from(cfg)
    assert torch.load(cfg.load_from)['meta']['epoch'] == 1
    pretrain(cfg, quiet=True)
    return [point['epoch'] for point in read_curve(cfg.work_dir)]


@pytest.mark.parametrize('which', ['log', 'scalars.json'])
def test_a_disk_that_is_too_full_for_the_logs_ends_the_run(which, config, monkeypatch, capfd):
    resource = pytest.importorskip('resource')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(runner) -> None:
        (log,) = Path(runner.work_dir).glob('*/*.log')
        (scalars,) = Path(runner.work_dir).glob('*/*/scalars.json')
        if which == 'scalars.json':  # so much longer that it is the first to reach the limit
            with scalars.open('a') as file:
                file.write(' ' * log.stat().st_size * 2)
        most = max(p.stat().st_size for p in (log, scalars)) + 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, limit[1]))

    try:
        happens(config(), fill, r'cannot write to .*: File too large\. The checkp', monkeypatch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert 'Traceback' not in capfd.readouterr().err
    assert goes_on(config()) == [1, 2, 3]  # of a line that was cut, nothing is in the curve


def test_a_work_dir_that_vanishes_is_not_made_again(config, tmp_path, monkeypatch):
    cfg = config()
    away = tmp_path / 'away'
    happens(
        cfg, lambda runner: shutil.move(runner.work_dir, away), 'the folder is gone', monkeypatch
    )
    assert not Path(cfg.work_dir).exists()
    shutil.move(away, cfg.work_dir)
    assert goes_on(config()) == [1, 2, 3]


def test_data_that_vanish_end_the_run_and_it_goes_on_with_them(
    config, photographs, tmp_path, monkeypatch
):
    image = Image.open(photographs[0]).resize((40, 30))
    (tmp_path / 'data').mkdir()
    for number in range(20):
        image.save(tmp_path / 'data' / f'{number}.jpg')
    views = dict(type='mmbarlow.TwinViews', size=32, view_a=dict(), view_b=dict())
    pipeline = [views, dict(type='mmpretrain.PackInputs', meta_keys=('skipped',))]
    data = dict(type='mmbarlow.ImageFolder', data_root=str(tmp_path / 'data'), pipeline=pipeline)
    loader = dict(batch_size=5, num_workers=0, sampler=dict(type='DefaultSampler'), dataset=data)
    loader |= dict(drop_last=True, collate_fn=dict(type='default_collate'))

    def vanish(runner) -> None:
        shutil.move(tmp_path / 'data', tmp_path / 'away')

    happens(config(train_dataloader=loader), vanish, 'cannot be read', monkeypatch)
    shutil.move(tmp_path / 'away', tmp_path / 'data')
    pretrain(config(train_dataloader=loader, resume=True), quiet=True)


def test_a_backbone_that_could_not_be_written_is_when_the_run_is_resumed(config, tmp_path):
    cfg = config()
    backbone = tmp_path / 'run' / f'{Path(cfg.filename).stem}_backbone.pth'
    backbone.mkdir(parents=True)  # in its place
    with pytest.raises(InputError, match=r'cannot write .*_backbone\.pth: Is a directory'):
        pretrain(cfg, quiet=True)
    backbone.rmdir()
    again = config()
    resume_from(again)
    pretrain(again, quiet=True)
    assert backbone.is_file()
    again = config()
    resume_from(again)
    with pytest.raises(InputError, match='nothing to resume'):
        pretrain(again, quiet=True)
