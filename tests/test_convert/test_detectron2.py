"""The pickle for detectron2 against the layout of its ResNets, spelled out here."""

import pickle
import pickletools

import numpy as np
import pytest
import torch
from torchvision.models import resnet34, resnet50, wide_resnet50_2

from mmbarlow.convert.backbone import load_backbone
from mmbarlow.convert.writers import WRITERS

BLOCKS = (3, 4, 6, 3)  # of ResNet-34 and ResNet-50


def norm(name: str, width: int) -> dict:
    parts = {p: (width,) for p in ('weight', 'bias', 'running_mean', 'running_var')}
    parts['num_batches_tracked'] = ()
    return {f'{name}.norm.{part}': shape for part, shape in parts.items()}


def conv(name: str, width: int, inputs: int, kernel: int) -> dict:
    return {f'{name}.weight': (width, inputs, kernel, kernel)} | norm(name, width)


def bottlenecks() -> dict:
    """Names and shapes of ResNet-50 in detectron2's modeling/backbone/resnet.py."""
    layout, inputs, middle, outputs = conv('stem.conv1', 64, 3, 7), 64, 64, 256
    for stage, blocks in zip(('res2', 'res3', 'res4', 'res5'), BLOCKS, strict=True):
        for i in range(blocks):
            block = f'{stage}.{i}'
            if i == 0:
                layout |= conv(f'{block}.shortcut', outputs, inputs, 1)
            layout |= conv(f'{block}.conv1', middle, inputs, 1)
            layout |= conv(f'{block}.conv2', middle, middle, 3)
            layout |= conv(f'{block}.conv3', outputs, middle, 1)
            inputs = outputs
        middle, outputs = 2 * middle, 2 * outputs
    return layout


def basic_blocks() -> dict:
    """The same of ResNet-34, whose first stage has no shortcut to convolve."""
    layout, inputs = conv('stem.conv1', 64, 3, 7), 64
    widths = {'res2': 64, 'res3': 128, 'res4': 256, 'res5': 512}
    for (stage, width), blocks in zip(widths.items(), BLOCKS, strict=True):
        for i in range(blocks):
            block = f'{stage}.{i}'
            if inputs != width:
                layout |= conv(f'{block}.shortcut', width, inputs, 1)
            layout |= conv(f'{block}.conv1', width, inputs, 3)
            layout |= conv(f'{block}.conv2', width, width, 3)
            inputs = width
    return layout


@pytest.fixture
def export(run_tool, tmp_path):
    """Write a network for detectron2; returns the tool's answer and what detectron2 unpickles."""

    def write(net: torch.nn.Module) -> tuple[str, dict]:
        torch.save(net.state_dict(), tmp_path / 'source.pth')
        path = tmp_path / 'new' / 'd2.pkl'
        arguments = [tmp_path / 'source.pth', path, '--to', 'detectron2']
        status, out, err = run_tool('convert_checkpoint.py', *arguments)
        assert status == 0, err
        assert [p.name for p in path.parent.iterdir()] == ['d2.pkl']
        return out, pickle.loads(path.read_bytes(), encoding='latin1')

    return write


@pytest.mark.parametrize(
    ('make', 'layout'),
    [
        (resnet50, bottlenecks()),
        (resnet34, basic_blocks()),
    ],
)
def test_names_and_shapes_are_those_of_detectron2(make, layout, export):
    _, content = export(make())
    assert content['matching_heuristics'] is True
    assert content['__author__'] == 'mmbarlow'  # anything but Caffe2, whose names are translated
    assert {name: array.shape for name, array in content['model'].items()} == layout


def test_every_tensor_arrives_at_its_own_name(export, foreign):
    net = foreign.network(make=resnet50)
    wanted = foreign.prefixed(net.state_dict(), '')
    model = export(net)[1]['model']
    assert len(model) == len(wanted) == 318
    ours = {'stem.conv1': 'conv1', 'stem.conv1.norm': 'bn1'}
    for stage, blocks in zip((1, 2, 3, 4), BLOCKS, strict=True):
        for i in range(blocks):
            there, here = f'res{stage + 1}.{i}', f'layer{stage}.{i}'
            ours |= {f'{there}.conv{j}': f'{here}.conv{j}' for j in (1, 2, 3)}
            ours |= {f'{there}.conv{j}.norm': f'{here}.bn{j}' for j in (1, 2, 3)}
            ours |= {f'{there}.shortcut': f'{here}.downsample.0'}
            ours |= {f'{there}.shortcut.norm': f'{here}.downsample.1'}
    for name, array in model.items():
        module, leaf = name.rsplit('.', 1)
        tensor = wanted.pop(f'{ours[module]}.{leaf}')
        read = torch.from_numpy(array)  # as fvcore does, which warns of arrays it cannot write to
        assert read.dtype == tensor.dtype
        assert torch.equal(read, tensor)
    assert not wanted


def test_the_pickle_asks_for_nothing_that_only_numpy_2_has(nets, tmp_path):
    torch.save(nets[None].state_dict(), tmp_path / 'a.pth')
    writer = WRITERS['detectron2']
    writer.save(writer.content(load_backbone(tmp_path / 'a.pth'), {}), tmp_path / 'a.pkl')
    # Every name that a pickle takes something by is a string of its own in it.
    strings = {arg for _, arg, _ in pickletools.genops((tmp_path / 'a.pkl').read_bytes())}
    assert {'numpy', 'ndarray', 'dtype', 'bytearray'} <= strings
    assert not [s for s in strings if isinstance(s, str) and 'numpy.' in s]
    arrays = pickle.loads((tmp_path / 'a.pkl').read_bytes())['model'].values()
    assert all(isinstance(a, np.ndarray) and a.flags.writeable for a in arrays)


def test_the_next_command_has_what_the_network_asks_of_the_config(export):
    usual = export(resnet50())[0].split('next      ')[1]
    assert ' INPUT.FORMAT RGB MODEL.PIXEL_MEAN "[123.675, 116.28, 103.53]" ' in usual
    assert 'MODEL.RESNETS.DEPTH 50 MODEL.RESNETS.STRIDE_IN_1X1 False\n' in usual


@pytest.mark.parametrize(
    ('make', 'says'),
    [(resnet34, 'RES2_OUT_CHANNELS 64'), (wide_resnet50_2, 'WIDTH_PER_GROUP 128')],
)
def test_unusual_widths_are_in_the_command(make, says, tmp_path):
    torch.save(make().state_dict(), tmp_path / 'a.pth')
    command = WRITERS['detectron2'].use(load_backbone(tmp_path / 'a.pth'), tmp_path / 'a.pkl')
    assert command.endswith(f'STRIDE_IN_1X1 False MODEL.RESNETS.{says}')


def test_a_stem_that_detectron2_does_not_have_is_refused(run_tool, nets, tmp_path):
    torch.save(nets[1].state_dict(), tmp_path / 'a.pth')
    arguments = [tmp_path / 'a.pth', tmp_path / 'a.pkl', '--to', 'detectron2']
    status, _, err = run_tool('convert_checkpoint.py', *arguments)
    assert status == 2
    assert 'has a 7x7 stem with pooling' in err
    assert [p.name for p in tmp_path.iterdir()] == ['a.pth']


def test_another_suffix_which_detectron2_would_not_read_is_refused(run_tool, nets, tmp_path):
    torch.save(nets[None].state_dict(), tmp_path / 'a.pth')
    arguments = [tmp_path / 'a.pth', tmp_path / 'b.pth', '--to', 'detectron2']
    status, _, err = run_tool('convert_checkpoint.py', *arguments)
    assert status == 2
    assert 'detectron2 reads only files named *.pkl' in err
