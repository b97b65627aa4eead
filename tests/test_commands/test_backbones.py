"""What a BACKBONE on the command line may be."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from mmbarlow.commands.backbones import backbone_file, open_backbone, trained_size
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


def test_the_config_of_a_run_describes_the_network_of_its_checkpoints(narrow_backbone, tmp_path):
    content = torch.load(narrow_backbone)
    weights, network = content['state_dict'], json.loads(content['meta']['encoder'])
    state = {f'backbone.{name}': tensor for name, tensor in weights.items()}
    torch.save(dict(meta=dict(iter=2), state_dict=state), tmp_path / 'iter_2.pth')
    (tmp_path / 'pretrain.py').write_text(
        f'model = {network}\n'
        "train_dataloader = dict(dataset=dict(pipeline=[dict(type='mmbarlow.TwinViews', size=40)]))"
    )
    model, wanted = (open_backbone(backbone_file(str(p))) for p in (tmp_path, narrow_backbone))
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(model(images), wanted(images))
    assert trained_size(tmp_path / 'iter_2.pth') == 40
    assert trained_size(narrow_backbone) is None


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
