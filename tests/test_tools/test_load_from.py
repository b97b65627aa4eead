"""A run starts from weights of any code, and says what matched, or it does not start."""

import json
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18, resnet34

from mmbarlow.checkpoints import read_checkpoint


@pytest.fixture(scope='module')
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('weights')
    state = resnet18().state_dict()
    torch.save(state, folder / 'torchvision.pth')
    torch.save(resnet34().state_dict(), folder / 'deeper.pth')
    cifar = dict(state) | {'conv1.weight': torch.randn(64, 3, 3, 3)}
    torch.save(cifar, folder / 'cifar.pth')
    named = {f'module.backbone.{name}': tensor for name, tensor in state.items()}
    head = {'module.projector.0.weight': torch.ones(1), 'module.bn.weight': torch.ones(1)}
    torch.save(dict(model=named | head, epoch=3), folder / 'official.pth')
    return folder


@pytest.fixture
def train(run_tool, digits_config, small, tmp_path):
    """Train two steps that change nothing; a config of its own has more lines."""

    def run(lines: str, *options: str) -> tuple[int, str, str]:
        config = tmp_path / 'own.py'
        config.write_text(
            f'_base_ = {str(digits_config)!r}\n'
            'model = dict(backbone=dict(base_channels=64, stem_channels=64))\n'
            "model['neck'] = dict(in_channels=512)\n"
            f'optim_wrapper = dict(optimizer=dict(lr=0.0))\n{lines}\n'
        )
        work = ['--work-dir', tmp_path / 'work']
        return run_tool('train.py', config, *work, '--cfg-options', *small, *options)

    return run


def trained(folder: Path) -> dict:
    return torch.load(folder / 'work' / 'own_backbone.pth')['state_dict']


def convolutions_of(state: dict) -> dict:
    return {name: tensor for name, tensor in state.items() if tensor.ndim == 4}


@pytest.mark.parametrize('name', ['torchvision', 'official'])
@pytest.mark.parametrize('where', ['config', 'option', 'init_cfg'])
def test_a_file_of_other_code_is_what_the_run_starts_from(name, where, weights, train, tmp_path):
    path = weights / f'{name}.pth'
    init = dict(type='Pretrained', checkpoint=str(path))
    lines = dict(
        config=f'load_from = {str(path)!r}',
        option='',
        init_cfg=f'model["backbone"]["init_cfg"] = {init}',
    )[where]
    status, out, err = train(lines, *[f'load_from={path}'] * (where == 'option'))
    assert status == 0, err
    layout = dict(torchvision='torchvision', official='barlowtwins-official')[name]
    how = 'init_cfg' if where == 'init_cfg' else 'load_from'
    part = '' if where == 'init_cfg' else 'backbone '
    (line,) = [x for x in out.splitlines() if f'{how} {path} (' in x]
    assert f'({layout}): {part}120 of 120 tensors' in line
    assert ('; neck and head start anew' in line) == (where != 'init_cfg')
    wanted = convolutions_of(torch.load(weights / 'torchvision.pth'))
    found = trained(tmp_path)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_a_run_starts_from_what_another_exported_and_from_its_checkpoint(train, tmp_path):
    assert train('default_hooks = dict(checkpoint=dict(interval=1))')[0] == 0
    (tmp_path / 'work').rename(tmp_path / 'first')
    exported, whole = (tmp_path / 'first' / name for name in ('own_backbone.pth', 'epoch_1.pth'))
    first = torch.load(exported)['state_dict']
    status, out, err = train('', f'load_from={exported}')
    assert status == 0, err
    assert '(mm): backbone 120 of 120 tensors; neck and head start anew' in out
    assert all(torch.equal(trained(tmp_path)[n], t) for n, t in convolutions_of(first).items())
    (tmp_path / 'work').rename(tmp_path / 'second')
    status, out, err = train('', f'load_from={whole}')
    assert status == 0, err
    assert 'backbone 120 of 120 tensors, neck 13 of 13' in out
    neck = {k: v for k, v in read_checkpoint(whole)['state_dict'].items() if k.startswith('neck.')}
    assert len(neck) == 13


def named(file: str, where: str) -> str:
    """The line of a config that names a file of weights."""
    init = dict(type='Pretrained', checkpoint=file)
    return (
        f'load_from = {file!r}'
        if where == 'load_from'
        else f'model["backbone"]["init_cfg"] = {init}'
    )


@pytest.mark.parametrize('where', ['load_from', 'init_cfg'])
@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('deeper', "its backbone is a ResNet-34, the config's a ResNet-18."),
        ('cifar', "a ResNet-18, 3x3 stem with padding 1, the config's a ResNet-18, 7x7 stem."),
        ('nowhere', 'there is no checkpoint'),
    ],
)
def test_another_network_ends_the_run_before_it_begins(name, says, where, weights, train, tmp_path):
    path = str(weights / f'{name}.pth')
    status, _, err = train(named(path, where))
    assert status == 2
    assert says in err.splitlines()[-1]
    assert not (tmp_path / 'work').exists()


@pytest.mark.parametrize(
    ('address', 'says'),
    [
        (
            'torchvision://resnet18',
            'download https://download.pytorch.org/models/resnet18-f37072fd.pth to',
        ),
        ('torchvision://resnet1', 'nothing is fetched: download it, or give the path of a file'),
        ('open-mmlab://detectron2/resnet50_caffe', '/resnet50_msra-5891d200.pth, or give'),
        ('https://download.pytorch.org/a.pth', 'download https://download.pytorch.org/a.pth to '),
        ('s3://bucket/a.pth', 'nothing is fetched'),
        ('file:///etc/passwd', 'nothing is fetched'),
    ],
)
@pytest.mark.parametrize('where', ['load_from', 'init_cfg'])
def test_an_address_says_what_to_download_to_where(where, address, says, train, tmp_path):
    status, _, err = train(named(address, where))
    assert status == 2
    assert f'{address} is an address' in err
    assert says in err
    assert not (tmp_path / 'work').exists()


def test_what_was_downloaded_into_torchs_cache_is_used(weights, train, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    folder = tmp_path / 'cache' / 'hub' / 'checkpoints'
    folder.mkdir(parents=True)
    (folder / 'resnet18-f37072fd.pth').symlink_to(weights / 'torchvision.pth')
    init = dict(type='Pretrained', checkpoint='torchvision://resnet18')
    status, out, err = train(f'model["backbone"]["init_cfg"] = {init}')
    assert status == 0, err
    assert 'init_cfg torchvision://resnet18 (torchvision): 120 of 120 tensors' in out


def test_a_test_and_a_benchmark_take_a_file_of_other_code_too(weights, train, run_tool, tmp_path):
    assert train('')[0] == 0
    config, file = tmp_path / 'own.py', weights / 'official.pth'
    status, _, err = run_tool('test.py', config, file, '--work-dir', tmp_path / 'test')
    assert status == 0, err
    work = ['--work-dir', tmp_path / 'bench']
    status, out, err = run_tool(
        'benchmark.py', file, '--config', config, '--suite', 'knn_digits', *work
    )
    assert status == 0, err
    assert f'{file} (barlowtwins-official): 120 of 120 tensors' in out
    (record,) = (tmp_path / 'bench' / 'records').glob('*.json')
    assert json.loads(record.read_text())['pretrain_config'] == 'own'
    for tool in (
        ['test.py', config, weights / 'deeper.pth'],
        ['benchmark.py', weights / 'deeper.pth', '--config', config, '--suite', 'knn_digits'],
    ):
        status, _, err = run_tool(*tool, '--work-dir', tmp_path / 'other')
        assert status == 2
        assert "its backbone is a ResNet-34, the config's a ResNet-18" in err
