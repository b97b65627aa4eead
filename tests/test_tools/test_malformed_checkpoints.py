"""Files that are no checkpoints, in any way one can be broken: one sentence and exit status 2."""

import copy
import json
from pathlib import Path

import pytest
import torch

from mmbarlow.apis import get_model
from mmbarlow.errors import InputError

TENSOR = torch.zeros(3)
# What is put at a place of a sound file; None takes the place out.
BROKEN = [
    ('state_dict', 3),
    ('state_dict', [TENSOR]),
    ('state_dict', {}),
    ('state_dict', {'conv1.weight': 'text'}),
    ('state_dict', {1: TENSOR}),
    ('state_dict', {'conv1.weight': torch.zeros(3, device='meta')}),
    ('state_dict', {'conv1.weight': torch.zeros(3, dtype=torch.complex64)}),
    ('state_dict', {'backbone': {'conv1.weight': TENSOR}}),
    ('meta', 'text'),
    ('meta', [1]),
    ('meta.seed', 'text'),
    ('meta.seed', -1),
    ('meta.seed', True),
]
OF_BACKBONES = [
    ('state_dict', None),
    *(('meta.' + key, value) for key in ('encoder', 'scale', 'model') for value in (3, ['a'])),
    ('meta.pretrain_config', {}),
    ('meta.encoder', '{'),
    ('meta.encoder', json.dumps(dict(backbone=dict(type='mmpretrain.ResNet', depth='x')))),
    ('meta.encoder', json.dumps(dict(backbone=dict(type='mmpretrain.ResNet', width=1)))),
    ('meta.encoder', json.dumps(dict(backbone=dict(depth=18)))),
]
OF_RUNS = [
    *((part, None) for part in ('state_dict', 'meta', 'optimizer', 'param_schedulers')),
    *((f'meta.{key}', bad) for key in ('epoch', 'iter') for bad in (None, -1, 'text', 1.5, True)),
    ('meta.epoch', 1000),
    ('meta.wall_time_s', 'text'),
    ('meta.wall_time_s', float('nan')),
    ('optimizer', 'text'),
    ('optimizer', {}),
    ('optimizer.state', {}),
    ('optimizer.state', [1]),
    ('optimizer.state', {0: 'text'}),
    ('optimizer.state', {0: dict(momentum_buffer=TENSOR)}),
    ('optimizer.param_groups', []),
    ('optimizer.param_groups.0.lr', 'text'),
    ('optimizer.param_groups.0.lr', None),
    ('optimizer.param_groups.0.params', [1, 2]),
    ('param_schedulers', 3),
    ('param_schedulers', []),
    ('param_schedulers', [{}, {}]),
    ('param_schedulers.0', 'text'),
    ('param_schedulers.0.last_step', 'text'),
    ('param_schedulers.0.last_step', None),
    ('param_schedulers.0.step', 3),
]


def named(cases: list) -> list:
    return [pytest.param(*case, id=f'{case[0]}={case[1]!r:.40}') for case in cases]


def broken(sound: dict, place: str, value: object, file: Path) -> Path:
    """`file`, written with `value` at a place in a copy of `sound`."""
    content = node = copy.deepcopy(sound)
    *path, last = [int(key) if key.isdigit() else key for key in place.split('.')]
    for key in path:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    torch.save(content, file)
    return file


def check_refused(answer: tuple[int, str, str]) -> None:
    """One line, which is no Python error's."""
    status, _, err = answer
    assert status == 2, err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert 20 < len(line) < 600
    assert 'Traceback' not in err


@pytest.fixture(scope='module')
def backbone() -> dict:
    from torchvision.models import resnet18

    state = {k: v for k, v in resnet18().state_dict().items() if not k.startswith('fc.')}
    encoder = json.dumps(dict(backbone=dict(type='mmpretrain.ResNet', depth=18)))
    meta = dict(encoder=encoder, pretrain_config='x', model='x', seed=0, scale='full')
    return dict(state_dict=state, meta=meta)


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('run')


@pytest.fixture
def run(folder, run_tool, digits_config, small) -> dict:
    """The checkpoint of a run after its first epoch."""
    if not (folder / 'epoch_1.pth').exists():
        options = [*small, 'default_hooks.checkpoint.interval=1']
        run_tool('train.py', digits_config, '--work-dir', folder, '--cfg-options', *options)
    return torch.load(folder / 'epoch_1.pth')


@pytest.mark.parametrize(('place', 'value'), named(BROKEN + OF_BACKBONES))
def test_no_backbone_is_made_of_a_malformed_file(place, value, backbone, run_tool, tmp_path):
    file = broken(backbone, place, value, tmp_path / 'a.pth')
    with pytest.raises(InputError):
        get_model(file)
    check_refused(run_tool('benchmark.py', file, '--suite', 'knn_digits'))
    assert not (tmp_path / 'records').exists()


@pytest.mark.parametrize(('place', 'value'), named(BROKEN))
def test_a_malformed_file_is_not_tested(place, value, backbone, digits_config, run_tool, tmp_path):
    file = broken(backbone, place, value, tmp_path / 'a.pth')
    check_refused(run_tool('test.py', digits_config, file, '--work-dir', tmp_path))


CONVERTED = [case for case in BROKEN if case[0] != 'meta'] + [
    ('state_dict', {'conv1.weight': TENSOR}),
    *(('meta.encoder', text) for text in (3, '{', '[]')),
]


@pytest.mark.parametrize(('place', 'value'), named(CONVERTED))
def test_a_malformed_file_is_not_converted(place, value, backbone, run_tool, tmp_path):
    file = broken(backbone, place, value, tmp_path / 'a.pth')
    check_refused(run_tool('convert_checkpoint.py', file, tmp_path / 'b.pth'))
    assert not (tmp_path / 'b.pth').exists()


@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_weights_of_a_run_that_diverged_are_not_converted(number, backbone, run_tool, tmp_path):
    sound = copy.deepcopy(backbone)
    sound['state_dict']['layer1.0.conv1.weight'][0, 0, 0, 0] = number
    torch.save(sound, tmp_path / 'a.pth')
    answer = run_tool('convert_checkpoint.py', tmp_path / 'a.pth', tmp_path / 'b.pth')
    check_refused(answer)
    assert 'layer1.0.conv1.weight is no array of finite numbers' in answer[2]
    assert not (tmp_path / 'b.pth').exists()


@pytest.mark.parametrize(('place', 'value'), named(BROKEN + OF_RUNS))
def test_no_run_goes_on_from_a_malformed_file(
    place, value, run, run_tool, digits_config, small, tmp_path
):
    file = broken(run, place, value, tmp_path / 'a.pth')
    options = ['--cfg-options', *small, 'train_cfg.max_epochs=2']
    train = ['train.py', digits_config, '--work-dir', tmp_path / 'work', *options]
    check_refused(run_tool(*train, '--resume', file))
    assert not list(tmp_path.rglob('*.pth'))[1:]


def test_a_finished_run_says_so(run, folder, run_tool, digits_config, small, tmp_path):
    train = ['train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small]
    answer = run_tool(*train, '--resume', folder / 'epoch_1.pth')
    check_refused(answer)
    assert 'is of epoch 1, and the run ends after 1' in answer[2]
