import json
from pathlib import Path

import pytest
import torch

from mmbarlow.checkpoints import export_backbone
from mmbarlow.commands.main import main
from mmbarlow.models.encoder import Encoder

NETWORK = dict(
    backbone=dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8),
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor', mean=[120.0] * 3, std=[60.0] * 3
    ),
)


@pytest.fixture
def run_command(capsys):
    """Call `mmbarlow VERB ...` as the shell would; returns (exit status, stdout, stderr)."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run


@pytest.fixture(scope='session')
def narrow_backbone(tmp_path_factory) -> Path:
    """A file as a pretraining leaves it: a ResNet-18 of an eighth of the width, 64 features."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('run') / 'pretrain_backbone.pth'
    model = Encoder(**NETWORK)
    export_backbone(model.backbone, dict(encoder=json.dumps(NETWORK)), path)
    return path
