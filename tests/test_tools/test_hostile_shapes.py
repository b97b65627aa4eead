"""Files made to harm by their shape alone: one sentence, in every tool, and no memory lost."""

import io
import json
import pickle
import resource
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmengine.runner import load_checkpoint
from torch import nn
from torchvision.models import resnet18

import mmbarlow.registered  # noqa: F401  (MMEngine reads as we do from here on)
from mmbarlow.apis import get_model
from mmbarlow.errors import InputError

STATE = {k: v for k, v in resnet18().state_dict().items() if not k.startswith('fc.')}


class Named(OrderedDict):
    """A class of its own, which would be imported."""


def with_description(**backbone) -> dict:
    described = (
        backbone if 'arch' in backbone else dict(type='mmpretrain.ResNet', depth=18) | backbone
    )
    return dict(state_dict=STATE, meta=dict(encoder=json.dumps(dict(backbone=described))))


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/data.pkl', pickle.dumps(dict(state_dict={}), protocol=2))
        archive.writestr('archive/data/0', bytes(200_000_000))


def tar(path: Path) -> None:
    with tarfile.open(path, 'w') as archive:
        for name in ('sys_info', 'pickle', 'storages', 'tensors'):
            content = pickle.dumps(dict(protocol_version=1000))
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def global_only(path: Path) -> None:
    path.write_bytes(b'\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.')


def changed(**tensors) -> dict:
    return dict(
        state_dict=STATE | {name.replace('__', '.'): t for name, t in tensors.items()}, meta={}
    )


CONTENTS = {
    'subclass': dict(state_dict=Named(STATE), meta={}),
    'subclass inside': dict(state_dict=OrderedDict(a=Named(STATE)), meta={}),
    'expanded': changed(conv1__weight=torch.zeros(1).expand(10**12)),
    'sparse': changed(conv1__weight=torch.eye(3).to_sparse()),
    'nested': dict(state_dict=dict(state_dict=dict(state_dict=STATE))),
    'not a number': changed(bn1__weight=torch.full((64,), float('nan'))),
    'quantized': changed(conv1__weight=torch.quantize_per_tensor(torch.ones(3), 1, 0, torch.qint8)),
    'half of it': dict(state_dict=dict(list(STATE.items())[:60]), meta={}),
    'a set': {1, 2},
    'a tensor': torch.ones(3),
    'epoch': dict(state_dict=STATE, meta=dict(epoch=-1, iter=-1)),
    'huge epoch': dict(state_dict=STATE, meta=dict(epoch=10**30, iter=1)),
    'depth': with_description(depth=10**9),
    'width': with_description(base_channels=10**6),
    'wide': with_description(base_channels=30_000),
    'infinite': with_description(base_channels=float('inf')),
    'no number': with_description(drop_path_rate=float('nan')),
    'layers': with_description(
        type='mmpretrain.VisionTransformer',
        arch=dict(embed_dims=1, num_layers=60_000, num_heads=1, feedforward_channels=1),
    ),
    'images': with_description(type='mmpretrain.VisionTransformer', arch='base', img_size=60_000),
    'alias': with_description(type='ResNet'),
    'in a list': with_description(plugins=[[dict(cfg=dict(type='os.system'))]]),
    'scope': with_description(_scope_='subprocess'),
    'scope in a list': with_description(_scope_=['mmpretrain']),
    'a method': with_description(type='mmpretrain.ResNet.init_weights'),
    'deep': dict(state_dict=STATE, meta=dict(encoder='[' * 50_000)),
    'long': dict(state_dict=STATE, meta=dict(encoder='{"backbone": {"type": "' + 'a' * 10**6)),
    'a word': dict(state_dict=STATE, meta=dict(encoder='{"backbone": "type"}')),
    'a twin': dict(state_dict=STATE, meta=dict(encoder=json.dumps(dict(backbone=dict(type=1))))),
}
WRITERS = dict(bomb=zip_bomb, tar=tar, pickle=global_only)
WRITERS['empty'] = lambda path: path.write_bytes(b'')
WRITERS['text'] = lambda path: path.write_text('state_dict')
WRITERS['script'] = lambda path: torch.jit.save(torch.jit.script(nn.Linear(1, 1)), path)
WRITERS['link'] = lambda path: path.symlink_to('/etc/passwd')
WRITERS['broken link'] = lambda path: path.symlink_to('nowhere')
WRITERS['header'] = lambda path: path.write_bytes((2**40).to_bytes(8, 'little') + b'{')


def written(name: str, folder: Path) -> Path:
    path = folder / 'a.pth'
    if name in WRITERS:
        WRITERS[name](path)
    else:
        torch.save(CONTENTS[name], path)
    return path


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2**20  # KiB


NAMES = [*CONTENTS, *WRITERS]


@pytest.mark.parametrize('name', NAMES)
def test_no_network_and_no_file_is_made_of_it(name, run_tool, tmp_path):
    file = written(name, tmp_path)
    with pytest.raises(InputError) as error:
        get_model(file)
    assert len(str(error.value)) < 600
    for tool in (
        ['benchmark.py', file, '--suite', 'knn_digits'],
        ['convert_checkpoint.py', file, tmp_path / 'b.pth'],
    ):
        status, _, err = run_tool(*tool)
        assert (status, 'Traceback' in err) == (2, False)
        assert len([line for line in err.splitlines() if line.startswith('error: ')]) == 1
    assert not (tmp_path / 'b.pth').exists()


UNREAD = [*WRITERS, 'subclass', 'subclass inside', 'a set', 'a tensor', 'epoch', 'huge epoch']


@pytest.mark.parametrize('name', [*UNREAD, 'half of it', 'not a number', 'expanded', 'sparse'])
def test_no_run_starts_or_goes_on_from_it(name, run_tool, digits_config, small, tmp_path):
    file = written(name, tmp_path)
    options = ['--cfg-options', *small]
    train = ['train.py', digits_config, '--work-dir', tmp_path / 'work', *options]
    init = f'model.backbone.init_cfg.checkpoint={file}'
    for tool in (
        [*train, '--resume', file],
        [*train, f'load_from={file}'],
        [*train, f'load_from={file}', 'resume=True'],
        [*train, 'model.backbone.init_cfg.type=Pretrained', init],
        ['test.py', digits_config, file, '--work-dir', tmp_path / 'work'],
    ):
        status, _, err = run_tool(*tool)
        assert (status, 'Traceback' in err) == (2, False), tool
        assert len([line for line in err.splitlines() if line.startswith('error: ')]) == 1
    assert not list(tmp_path.rglob('epoch_*'))


@pytest.mark.parametrize('name', UNREAD)
def test_mmengines_own_function_does_not_read_it(name, tmp_path):
    with pytest.raises(InputError):
        load_checkpoint(nn.Linear(1, 1), str(written(name, tmp_path)))


SCHEMES = ('http', 'https', 's3', 'modelzoo', 'torchvision', 'open-mmlab', 'openmmlab', 'mmcls')


@pytest.mark.parametrize(
    'scheme', [*SCHEMES, 'pavi', 'local', 'file', 'ftp', 'petrel', 'cluster:s3']
)
def test_mmengines_own_function_fetches_nothing(scheme, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr('socket.socket.connect', lambda *arguments: opened.append(arguments))
    with pytest.raises(InputError, match='is an address, and nothing is fetched'):
        load_checkpoint(nn.Linear(1, 1), f'{scheme}://example.com/a.pth')
    assert opened == []
