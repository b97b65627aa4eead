"""Conversion from the command line: what it tells, and what it never overwrites."""

import json

import mmpretrain.datasets  # noqa: F401  (its first import prints a line)
import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file
from torchvision.models import resnet18

from mmbarlow.apis import get_model
from mmbarlow.checkpoints import export_backbone, sha256
from mmbarlow.registry import MODELS


@pytest.fixture(scope='module')
def state() -> dict:
    return resnet18().state_dict()


@pytest.fixture
def source(state, tmp_path):
    torch.save(state, tmp_path / 'resnet18.pth')
    return tmp_path / 'resnet18.pth'


def test_the_report_says_what_matched_and_what_did_not(run_tool, source, tmp_path):
    out = tmp_path / 'new' / 'mm.pth'
    status, text, err = run_tool('convert_checkpoint.py', source, out)
    assert status == 0, err
    assert text.splitlines() == [
        f"source    {source}: torchvision, timm, facebookresearch/barlowtwins' resnet50.pth",
        'network   ResNet-18, 7x7 stem, base width 64, 3 input channels',
        'matched   120 of 120 tensors of the backbone',
        'left out  2 other tensors: fc.weight, fc.bias',
        f'written   {out}: mm layout, sha256 {sha256(out)}',
        f'next      python tools/benchmark.py {out} --suite in1k',
    ]
    assert [p.name for p in out.parent.iterdir()] == ['mm.pth']


def test_the_written_backbone_is_measured_without_a_config(run_tool, source, tmp_path):
    out = tmp_path / 'mm.pth'
    named = ['--name', 'official', '--model', 'simclr', '--seed', '3', '--mean', '0', '0', '1']
    run_tool('convert_checkpoint.py', source, out, *named)
    meta = torch.load(out)['meta']
    encoder = json.loads(meta.pop('encoder'))
    assert encoder['data_preprocessor']['mean'] == [0, 0, 1]
    assert encoder['data_preprocessor']['std'] == [58.395, 57.12, 57.375]
    assert meta == dict(model='simclr', pretrain_config='official', seed=3, scale='full')
    status, _, err = run_tool('benchmark.py', out, '--suite', 'knn_digits')
    assert status == 0, err
    (record,) = (tmp_path / 'records').glob('*.json')
    assert json.loads(record.read_text())['pretrain_config'] == 'official'


@pytest.mark.parametrize('to', ['torchvision', 'timm'])
def test_other_layouts_are_plain_tensors_and_the_next_command_works(to, run_tool, source, tmp_path):
    out = tmp_path / 'plain.pth'
    status, text, _ = run_tool('convert_checkpoint.py', source, out, '--to', to)
    assert status == 0
    command = text.split('next      ')[1].strip()
    if to == 'torchvision':
        import torchvision

        assert eval(command, dict(torch=torch, torchvision=torchvision)).missing_keys == [
            *('fc.weight', 'fc.bias')
        ]
    else:  # timm's names are torchvision's; it is not among what the tests need
        assert command == (
            f"timm.create_model('resnet18', num_classes=0).load_state_dict(torch.load('{out}'))"
        )
    assert set(torch.load(out)) == set(torch.load(source)) - {'fc.weight', 'fc.bias'}


def test_a_file_is_replaced_only_with_force_and_the_source_never(run_tool, source, tmp_path):
    out, before = tmp_path / 'mm.pth', source.read_bytes()
    out.write_text('kept')
    status, _, err = run_tool('convert_checkpoint.py', source, out)
    assert (status, out.read_text()) == (2, 'kept')
    assert '--force replaces it' in err
    assert run_tool('convert_checkpoint.py', source, out, '--force')[0] == 0
    status, _, err = run_tool('convert_checkpoint.py', source, source, '--force')
    assert status == 2
    assert 'is the source' in err
    assert source.read_bytes() == before


def test_a_refused_source_leaves_nothing_behind(run_tool, state, tmp_path):
    whole = dict(state)
    del whole['layer3.0.bn1.weight']
    torch.save(whole, tmp_path / 'a.pth')
    status, _, err = run_tool('convert_checkpoint.py', tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert status == 2
    assert '1 tensors missing in the checkpoint (layer3.0.bn1.weight)' in err
    assert [p.name for p in tmp_path.iterdir()] == ['a.pth']


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere.pth', 'b.pth'], 'there is no checkpoint nowhere.pth'),
        (['{tmp}', 'b.pth'], 'is a folder: give a checkpoint file in it'),
        (['{source}', '{tmp}'], 'is a folder: give the file to write'),
        (['{source}', '{source}/b.pth'], 'cannot write'),
        (['{source}', 'b.pth', '--name', '../x'], "'../x' is no name for a record"),
    ],
)
def test_wrong_arguments_end_in_one_line(arguments, says, run_tool, source, tmp_path):
    filled = [a.format(tmp=tmp_path, source=source) for a in arguments]
    status, _, err = run_tool('convert_checkpoint.py', *filled)
    assert status == 2
    assert says in err


def test_safetensors_are_written_as_such_and_keep_the_description(run_tool, source, tmp_path):
    out, again = tmp_path / 'mm.safetensors', tmp_path / 'again.pth'
    named = ['--name', 'official', '--seed', '3', '--mean', '0', '0', '1']
    status, text, err = run_tool('convert_checkpoint.py', source, out, *named)
    assert status == 0, err
    assert f'next      python tools/benchmark.py {out} --suite in1k' in text
    with safetensors.safe_open(out, 'pt') as file:
        meta = json.loads(file.metadata()['mmbarlow'])
        assert len(file.keys()) == 120
    assert (meta['pretrain_config'], meta['seed']) == ('official', 3)
    assert run_tool('convert_checkpoint.py', out, again)[0] == 0
    assert torch.load(again)['meta'] == meta
    images = torch.randn(2, 3, 40, 40)
    first, second = (get_model(file).cpu()(images) for file in (out, again))
    assert torch.equal(first, second)
    status, _, err = run_tool('benchmark.py', out, '--suite', 'knn_digits')
    assert status == 0, err


@pytest.mark.parametrize('to', ['torchvision', 'timm'])
def test_other_layouts_are_written_as_safetensors_too(to, run_tool, source, state, tmp_path):
    out = tmp_path / 'plain.safetensors'
    status, text, err = run_tool('convert_checkpoint.py', source, out, '--to', to)
    assert status == 0, err
    assert f"load_state_dict(safetensors.torch.load_file('{out}')" in text
    found = load_file(out)
    assert set(found) == set(state) - {'fc.weight', 'fc.bias'}
    assert all(torch.equal(found[name], state[name]) for name in found)


def test_a_pickle_that_was_written_as_safetensors_is_still_read(run_tool, state, tmp_path):
    torch.save(state, tmp_path / 'a.safetensors')
    assert run_tool('convert_checkpoint.py', tmp_path / 'a.safetensors', tmp_path / 'b.pth')[0] == 0
    save_file(state, tmp_path / 'c.pth')
    assert run_tool('convert_checkpoint.py', tmp_path / 'c.pth', tmp_path / 'd.pth')[0] == 0
    first, second = (torch.load(tmp_path / name)['state_dict'] for name in ('b.pth', 'd.pth'))
    assert all(torch.equal(first[name], second[name]) for name in first | second)


@pytest.mark.parametrize('name', ['a.npz', 'a.onnx', 'a.pkl', 'a', 'a.json'])
def test_other_endings_are_not_written(name, run_tool, source, tmp_path):
    status, _, err = run_tool('convert_checkpoint.py', source, tmp_path / name)
    assert status == 2
    assert f'*.tar, *.safetensors, not {name}.' in err
    assert not (tmp_path / name).exists()


def test_the_description_in_safetensors_asks_for_networks_alone(run_tool, state, tmp_path):
    call = dict(type='subprocess.getoutput', cmd=f'touch {tmp_path / "owned"}')
    for description, says in (
        (json.dumps(dict(encoder=json.dumps(dict(backbone=call)))), 'asks for'),
        ('[' * 100000, 'is damaged'),
        ('3', 'its meta is a int'),
        (json.dumps(dict(seed=-1)), 'its meta says seed=-1'),
    ):
        file = tmp_path / 'a.safetensors'
        save_file(state, file, dict(mmbarlow=description))
        status, _, err = run_tool('benchmark.py', file, '--suite', 'knn_digits')
        assert (status, says in err) == (2, True), err
        assert not (tmp_path / 'owned').exists()


def test_a_network_of_one_channel_keeps_its_images_and_needs_a_mean_of_its_own(run_tool, tmp_path):
    gray = dict(type='mmpretrain.ResNet', depth=18, in_channels=1)
    pixels = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[120.0], std=[60.0])
    parts = dict(backbone=gray, data_preprocessor=pixels, images=dict(channels=1, range=[0, 4095]))
    net = MODELS.build(gray)
    described, bare = tmp_path / 'a_backbone.pth', tmp_path / 'bare.pth'
    export_backbone(net, dict(encoder=json.dumps(parts)), described)
    torch.save(net.state_dict(), bare)
    (out := tmp_path / 'out').mkdir()
    status, _, err = run_tool('convert_checkpoint.py', described, out / 'a.pth')
    assert status == 0, err
    assert json.loads(torch.load(out / 'a.pth')['meta']['encoder']) == parts
    status, _, err = run_tool('convert_checkpoint.py', bare, out / 'b.pth')
    assert status == 2
    assert 'takes images of 1 channel: give --mean and --std with a number for each.' in err
    assert not (out / 'b.pth').exists()
    means = ['--mean', '120', '--std', '60']
    status, _, err = run_tool('convert_checkpoint.py', bare, out / 'b.pth', *means)
    assert status == 0, err
    images = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(*(get_model(out / f'{n}.pth').cpu()(images) for n in 'ab'))
    for form, says in (('torchvision', 'with this stem'), ('detectron2', 'INPUT.FORMAT L ')):
        made = out / f'c.{"pkl" if form == "detectron2" else "pth"}'
        status, text, err = run_tool('convert_checkpoint.py', described, made, '--to', form)
        assert status == 0, err
        assert says in text
