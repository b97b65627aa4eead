"""What a BACKBONE on the command line may be."""

import shutil
from pathlib import Path

import pytest
import torch

from mmbarlow.commands.backbones import backbone_file
from mmbarlow.errors import InputError


def test_a_file_is_itself_and_a_finished_run_is_its_exported_backbone(narrow_backbone, tmp_path):
    shutil.copy(narrow_backbone, tmp_path)
    torch.save(dict(meta={}, state_dict={}), tmp_path / 'epoch_3.pth')
    assert backbone_file(str(tmp_path / 'epoch_3.pth')) == tmp_path / 'epoch_3.pth'
    assert backbone_file(str(tmp_path)) == tmp_path / narrow_backbone.name


def test_a_run_that_trains_is_its_last_checkpoint(tmp_path):
    for steps in (2, 10):
        torch.save(dict(meta=dict(iter=steps), state_dict={}), tmp_path / f'iter_{steps}.pth')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_10.pth'))
    assert backbone_file(str(tmp_path)) == tmp_path / 'iter_10.pth'


def test_a_name_that_does_not_exist_gets_close_ones(narrow_backbone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'runs' / 'photos').mkdir(parents=True)
    shutil.copy(narrow_backbone, 'runs/photos')
    for wrong, near in {
        'runs/photo': 'runs/photos',
        'photos': 'runs/photos',
        'runs/phots/pretrain_backbone.pth': 'runs/photos',
        'runs/photos/pretrain_backbon.pth': 'runs/photos/pretrain_backbone.pth',
    }.items():
        with pytest.raises(InputError, match=f'no backbone {wrong}: close names: {near}'):
            backbone_file(wrong)
    with pytest.raises(InputError, match=f'neither .* give one of its runs: {Path("runs/photos")}'):
        backbone_file('runs')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match='empty has neither .* give another folder'):
        backbone_file('empty')
