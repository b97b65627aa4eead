"""A checkpoint can carry code: no tool that takes one runs it."""

import json
from pathlib import Path

import pytest
import torch


@pytest.fixture
def commands(digits_config, tmp_path) -> dict:
    """Every tool that takes a checkpoint, as called with one."""
    train = [digits_config, '--work-dir', tmp_path / 'work']
    return {
        'benchmark.py': lambda file: [file, '--suite', 'knn_digits'],
        'convert_checkpoint.py': lambda file: [file, tmp_path / 'converted.pth'],
        'test.py': lambda file: [digits_config, file, *train[1:]],
        'train.py': lambda file: [*train, '--resume', file],
    }


TOOLS = ('benchmark.py', 'convert_checkpoint.py', 'test.py', 'train.py')


@pytest.mark.parametrize('tool', TOOLS)
@pytest.mark.parametrize('zipped', [True, False])
def test_a_pickle_that_calls_something_is_refused(tool, zipped, commands, run_tool, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / 'owned',))

    file = tmp_path / 'a.pth'
    content = dict(state_dict={'conv1.weight': Hostile()}, meta=Hostile())
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    status, _, err = run_tool(tool, *commands[tool](file))
    assert status == 2
    assert 'is no checkpoint of tensors' in err
    assert not (tmp_path / 'owned').exists()
    assert not (tmp_path / 'converted.pth').exists()


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('where', ['last_checkpoint', 'load_from', 'init_cfg', 'address'])
def test_mmengine_reads_weights_as_we_do(where, zipped, digits_config, small, run_tool, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / 'owned',))

    file = tmp_path / 'a.pth'
    content = dict(state_dict={}, meta=dict(epoch=0, iter=0), message_hub=Hostile())
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    (tmp_path / 'last_checkpoint').write_text(str(file))
    source = 'https://download.pytorch.org/a.pth' if where == 'address' else file
    init = dict(type='Pretrained', checkpoint=str(source))
    own = {
        'last_checkpoint': 'resume = True',
        'load_from': f'load_from = {str(file)!r}',
    }.get(where, f'model = dict(backbone=dict(init_cfg={init}))')
    config = tmp_path / 'own.py'
    config.write_text(f'_base_ = {str(digits_config)!r}\n{own}\n')
    train = ['train.py', config, '--work-dir', tmp_path, '--cfg-options', *small]
    status, _, err = run_tool(*train)
    assert status == 2
    assert ('is an address' if where == 'address' else 'is no checkpoint of tensors') in err
    assert not (tmp_path / 'owned').exists()


@pytest.mark.parametrize('key', ['config', 'cfg'])
def test_the_text_of_a_config_in_a_checkpoint_is_not_run(
    key, digits_config, small, run_tool, tmp_path
):
    train = ['train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small]
    assert run_tool(*train, 'default_hooks.checkpoint.interval=1')[0] == 0
    file = tmp_path / 'epoch_1.pth'
    checkpoint = torch.load(file)
    checkpoint['meta'][key] = f'open({str(tmp_path / "owned")!r}, "w")'
    torch.save(checkpoint, file)
    status, _, err = run_tool(*train, 'train_cfg.max_epochs=2', '--resume', file)
    assert status == 0, err
    assert not (tmp_path / 'owned').exists()


@pytest.mark.parametrize('tool', ['benchmark.py', 'convert_checkpoint.py'])
@pytest.mark.parametrize('inside', [False, True])
def test_a_network_that_is_a_call_is_refused(tool, inside, commands, run_tool, tmp_path):
    from torchvision.models import resnet18

    call = dict(type='subprocess.getoutput', cmd=f'touch {tmp_path / "owned"}')
    backbone = dict(type='mmpretrain.ResNet', depth=18, norm_cfg=call) if inside else call
    meta = dict(encoder=json.dumps(dict(backbone=backbone)), pretrain_config='x', seed=0)
    torch.save(dict(state_dict=resnet18().state_dict(), meta=meta), tmp_path / 'a.pth')
    status, _, err = run_tool(tool, *commands[tool](tmp_path / 'a.pth'))
    assert status == 2
    assert "asks for 'subprocess.getoutput' in its network" in err
    assert not (tmp_path / 'owned').exists()
