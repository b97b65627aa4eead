"""Every family of the table is trained, exported, read back, evaluated, and has its row."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from measure.backbone_families import OF_TIMM, families
from mmbarlow.apis import get_model
from mmbarlow.checkpoints import export_backbone
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.knn import KNN
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.encoder_description import is_described
from mmbarlow.models.named_backbones import NONE

ROOT = Path(__file__).parents[3]
NECK = dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=8, out_channels=8, num_layers=2)
HEAD = dict(type='mmbarlow.CrossCorrelationHead', in_channels=8)


@pytest.mark.parametrize('family', families(), ids=lambda family: family.name)
def test_every_family_is_trained_exported_read_back_and_evaluated(family, tmp_path):
    torch.manual_seed(0)
    config, size = family.config(tiny=True), family.pixels(tiny=True)
    model = BarlowTwins(config, NECK, HEAD)
    number = 2 if size == 224 else 4
    loss = sum(model.loss([torch.randn(number, 3, size, size) for _ in 'ab']).values())
    loss.backward()
    # With residual branches that begin at zero, most of the first gradients are zero.
    learned = [p for p in model.backbone.parameters() if p.grad is not None and p.grad.any()]
    assert len(learned) > 0.2 * len([*model.backbone.parameters()])
    torch.nn.utils.clip_grad_norm_(learned, 1.0)
    torch.optim.SGD(learned, 0.01).step()
    path = tmp_path / 'pretrain_backbone.pth'
    parts = dict(backbone=config, pool=model.pooled_as)
    export_backbone(model.backbone, dict(encoder=json.dumps(parts)), path)
    read = get_model(path, None if is_described(config) else Config(dict(model=parts)))
    images = torch.randn(6, 3, size, size)
    images[3:] = images[:3]
    with torch.no_grad():
        features = read(images)
        torch.testing.assert_close(features, model.eval()(images))
    assert features.shape == (6, model.neck.in_channels)
    features, labels = features - features.mean(0), torch.arange(3)  # apart from what all share
    found = KNN(k=[1])(Features(features[:3], labels), Features(features[3:], labels))
    assert found['top1_k1'] == 100


def test_the_page_has_a_row_for_every_family_that_installs():
    page = (ROOT / 'docs' / 'backbones.md').read_text().partition('<!-- made by')[2]
    rows = [line.split('|')[1].strip(' `') for line in page.splitlines() if line.startswith('| `')]
    assert rows == [*(family.name for family in families()), *NONE]
    assert len(OF_TIMM) >= 10


def test_a_row_is_put_in_its_place_and_the_others_stay(run_tool, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('# Title\n\n<!-- made by tools/speed/backbones.py -->\n<!-- end -->\n\nText.\n')
    for name in ('LeNet5', 'AlexNet', 'LeNet5'):
        options = ['--names', name, '--page', page, '--batch', '2', '--rounds', '1']
        assert run_tool('speed/backbones.py', *options)[0] == 0
    rows = [line for line in page.read_text().splitlines() if line.startswith('| `')]
    assert rows[0].startswith('| `LeNet5` | 120 | ')
    assert rows[1].startswith('| `AlexNet` | 256 | ')
    assert page.read_text().startswith('# Title\n')
    assert page.read_text().endswith('\n\nText.\n')
