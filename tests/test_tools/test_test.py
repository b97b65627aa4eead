"""Evaluating a checkpoint from the command line: answers to bad input."""

import torch

from mmbarlow.config import load_config
from mmbarlow.paths import CONFIGS
from mmbarlow.registry import MODELS


def test_a_config_without_a_test_loop_is_refused_with_the_tool_to_take(run_tool, tmp_path):
    (config,) = CONFIGS.glob('barlowtwins/*100e_folder.py')
    status, _, err = run_tool('test.py', config, tmp_path / 'none.pth')
    assert status == 2
    assert 'has no test loop, since its images have no labels' in err
    assert 'tools/benchmark.py CHECKPOINT --suite NAME' in err


def test_a_test_set_without_a_measure_is_refused(run_tool, digits_config, tmp_path):
    (own := tmp_path / 'own.py').write_text(
        f'_base_ = {str(digits_config)!r}\ntest_evaluator = None\n'
    )
    status, _, err = run_tool('test.py', own, 'none.pth', '--work-dir', tmp_path / 'out')
    assert status == 2
    assert 'has a test_dataloader and no test_evaluator' in err
    assert not (tmp_path / 'out').exists()


def test_images_without_labels_end_in_a_sentence(run_tool, digits_config, photographs, tmp_path):
    loader = (
        "dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False), "
        "collate_fn=dict(type='default_collate'), dataset=dict(_delete_=True, "
        f"type='mmbarlow.ImageFolder', data_root={str(photographs[0].parent)!r}, pipeline=["
        "dict(type='mmbarlow.CenterView', size=32), dict(type='mmpretrain.PackInputs')]))"
    )
    (own := tmp_path / 'own.py').write_text(
        f'_base_ = {str(digits_config)!r}\ntest_dataloader = {loader}\n'
    )
    model = MODELS.build(load_config(own).model)
    torch.save(dict(state_dict=model.backbone.state_dict()), tmp_path / 'weights.pth')
    status, _, err = run_tool('test.py', own, tmp_path / 'weights.pth', '--work-dir', tmp_path)
    assert status == 2
    assert 'evaluation needs labels, and this data set has none' in err
