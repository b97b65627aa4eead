"""A backbone in the forms of other libraries computes there what it computes here."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmbarlow.apis import get_model
from mmbarlow.checkpoints import export_backbone, sha256
from mmbarlow.convert.onnx_file import TOLERANCE
from mmbarlow.models.encoder import Encoder
from mmbarlow.zoo import records

timm = pytest.importorskip('timm')
VIT = dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=64)
VIT = dict(type='mmpretrain.VisionTransformer', arch=VIT, img_size=32, patch_size=8)
CONVNEXT = dict(depths=[1, 1, 2, 1], channels=[8, 16, 24, 32])
CONVNEXT = dict(type='mmpretrain.ConvNeXt', arch=CONVNEXT)
SWIN = dict(embed_dims=8, depths=[2, 2], num_heads=[2, 2])
SWIN = dict(
    type='mmpretrain.SwinTransformer', arch=SWIN, out_indices=(1,), img_size=32, window_size=4
)
DENSENET = dict(growth_rate=8, depths=[1, 2, 2, 1], init_channels=16)
DENSENET = dict(type='mmpretrain.DenseNet', arch=DENSENET)
NARROW = dict(depth=50, base_channels=8, stem_channels=16)
# The table of docs/command.md: the forms that each family has; the others are refused.
ALL = {'torchvision', 'timm', 'huggingface', 'detectron2', 'onnx'}
TIMM, PLAIN = {'timm', 'huggingface', 'onnx'}, {'torchvision', 'timm', 'onnx'}
FAMILIES = {
    'resnet': (dict(type='mmpretrain.ResNet', depth=18), ALL),
    'wide': (dict(type='mmpretrain.ResNet', depth=50, base_channels=128, expansion=2), ALL),
    'narrow': (dict(type='mmpretrain.ResNet', depth=18, base_channels=8), TIMM | {'detectron2'}),
    'narrow stem': (
        dict(type='mmpretrain.ResNet', depth=18, base_channels=8, stem_channels=8),
        {'detectron2', 'onnx'},
    ),
    'deep stem': (dict(type='mmpretrain.ResNetV1c', **NARROW), TIMM),
    'averaged': (dict(type='mmpretrain.ResNetV1d', **NARROW), TIMM),
    '3x3': (dict(type='mmpretrain.ResNet_CIFAR', depth=18), PLAIN),
    'padded': (dict(type='mmbarlow.SoloResNet', depth=18), PLAIN),
    'pooled': (dict(type='mmbarlow.PooledResNet', depth=18), PLAIN),
    'without relu': (dict(type='mmbarlow.GeneratorResNet', depth=18), PLAIN),
    'resnext': (dict(type='mmpretrain.ResNeXt', depth=50), PLAIN | TIMM),
    'se': (dict(type='mmpretrain.SEResNet', depth=50), TIMM),
    'caffe': (dict(type='mmpretrain.ResNet', depth=50, style='caffe'), {'detectron2', 'onnx'}),
    'convnext': (CONVNEXT, PLAIN | TIMM),
    'convnext map': (CONVNEXT | dict(gap_before_final_norm=False), TIMM),
    'convnext v2': (CONVNEXT | dict(use_grn=True, layer_scale_init_value=0.0), TIMM),
    'vit': (VIT, PLAIN | TIMM),
    'vit map': (VIT | dict(out_type='featmap'), TIMM),
    'vit scaled': (VIT | dict(layer_scale_init_value=0.1, pre_norm=True), TIMM),
    'vit twice normed': (VIT | dict(out_type='avg_featmap'), {'onnx'}),
    'swin': (SWIN, PLAIN | TIMM),
    'densenet': (DENSENET, PLAIN | TIMM),
    'mobilenet': (dict(type='mmpretrain.MobileNetV2', widen_factor=0.5), PLAIN | TIMM),
    'regnet': (dict(type='mmpretrain.RegNet', arch='regnetx_400mf'), TIMM),
    'pixels': (dict(type='mmbarlow.RawPixels'), {'onnx'}),
    'timm resnet': (dict(type='mmpretrain.TIMMBackbone', model_name='test_resnet'), TIMM),
    'timm convnext': (dict(type='mmpretrain.TIMMBackbone', model_name='test_convnext'), TIMM),
    'timm vit': (dict(type='mmpretrain.TIMMBackbone', model_name='test_vit'), TIMM),
    'timm efficientnet': (
        dict(type='mmpretrain.TIMMBackbone', model_name='test_efficientnet'),
        TIMM,
    ),
}
# Other numbers of channels than three, in every form that can hold them.
FAMILIES |= {
    'gray': (dict(type='mmpretrain.ResNet', depth=18, in_channels=1), ALL),
    'five bands': (dict(type='mmpretrain.ResNet', depth=18, in_channels=5), PLAIN | TIMM),
    'gray deep stem': (dict(type='mmpretrain.ResNetV1c', **NARROW, in_channels=1), TIMM),
    'gray 3x3': (dict(type='mmpretrain.ResNet_CIFAR', depth=18, in_channels=1), PLAIN),
    'gray convnext': (CONVNEXT | dict(in_channels=1), PLAIN | TIMM),
    'five bands vit': (VIT | dict(in_channels=5), PLAIN | TIMM),
    'gray swin': (SWIN | dict(in_channels=1), PLAIN | TIMM),
    'gray densenet': (DENSENET | dict(in_channels=1), PLAIN | TIMM),
    'gray mobilenet': (
        dict(
            type='mmbarlow.OtherChannels',
            in_channels=1,
            backbone=dict(type='mmpretrain.MobileNetV2', widen_factor=0.5),
        ),
        PLAIN | TIMM,
    ),
    'five bands regnet': (
        dict(type='mmpretrain.RegNet', arch='regnetx_400mf', in_channels=5),
        TIMM,
    ),
    'timm gray': (
        dict(type='mmpretrain.TIMMBackbone', model_name='test_resnet', in_channels=1),
        TIMM,
    ),
}
LARGE = (
    'wide',
    'caffe',
    'pooled',
    'without relu',
    'resnext',
    'se',
    'mobilenet',
    'regnet',
    'densenet',
)
LARGE += ('deep stem', 'timm resnet', 'timm efficientnet', 'vit map', 'convnext map')
LARGE += tuple(n for n in FAMILIES if n.startswith(('gray ', 'five ')) and 'vit' not in n)
QUICK = ('vit',)  # to export to ONNX
PIXELS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
PIXELS = dict(type='mmpretrain.SelfSupDataPreprocessor', **PIXELS)


LARGEST = ('convnext map', 'regnet', 'five bands regnet')  # images


def channels_in(family: str) -> int:
    return FAMILIES[family][0].get('in_channels', 3)


def pixels_of(family: str) -> dict:
    channels = channels_in(family)
    numbers = dict(mean=[123.0] * channels, std=[58.0] * channels)
    kind = (
        'mmpretrain.SelfSupDataPreprocessor' if channels == 1 else 'mmbarlow.ChannelsPreprocessor'
    )
    return PIXELS if channels == 3 else dict(type=kind, **numbers)


def is_large(family: str, form: str) -> bool:
    """A folder for the hub is that of timm with a config, so that a few of them are enough."""
    return (
        family in LARGE or form == 'huggingface' and family not in ('3x3', 'vit', 'timm convnext')
    )


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    """Write a family's backbone with random weights and statistics, and a config where its file
    does not say which network it is; returns the arguments of the command."""
    made = {}

    def write(family: str) -> list[Path | str]:
        if family not in made:
            made[family] = _write(family, tmp_path_factory.mktemp('run'))
        return made[family]

    return write


def _write(family: str, folder: Path) -> list[Path | str]:
    torch.manual_seed(0)
    config = dict(backbone=FAMILIES[family][0], data_preprocessor=pixels_of(family))
    net = Encoder(**json.loads(json.dumps(config))).backbone
    for module in net.modules():
        for tensor in module.parameters(recurse=False):
            tensor.data += 0.02 * torch.randn_like(tensor)
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.2)
            module.running_var.uniform_(0.5, 1.5)
    path, timm_own = folder / 'run_backbone.pth', family.startswith('timm')
    export_backbone(net, {} if timm_own else dict(encoder=json.dumps(config)), path)
    if not timm_own:
        return [path]
    (folder / 'config.py').write_text(f'model = {config!r}')
    return [path, '--config', folder / 'config.py']


def images(family: str, count: int = 2) -> torch.Tensor:
    size = 160 if family == 'timm vit' else 64 if family in LARGEST else 32
    return torch.randn(
        count, channels_in(family), size, size, generator=torch.Generator().manual_seed(1)
    )


def wanted(arguments: list, inputs: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return get_model(arguments[0], *arguments[2:]).cpu()(inputs)


def loaded(text: str) -> dict:
    """The names that the printed line makes, as a user who pastes it gets them."""
    (line,) = (row for row in text.splitlines() if row.startswith('load '))
    names = {}
    exec(line.removeprefix('load').strip(), names)
    return names


def largest(found, wanted: torch.Tensor) -> float:
    return float((torch.as_tensor(found) - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize(
    ('family', 'form'),
    [
        pytest.param(name, form, marks=[pytest.mark.slow] if is_large(name, form) else [])
        for name in FAMILIES
        for form in ('torchvision', 'timm', 'huggingface')
    ],
)
def test_the_printed_line_makes_a_network_of_the_same_features(
    family, form, backbone, run_command, tmp_path
):
    arguments, out = backbone(family), tmp_path / f'made{".pth" * (form != "huggingface")}'
    inputs = images(family)
    size = ['--size', inputs.shape[-1]] if not family.startswith('timm') else []
    status, text, err = run_command('export', *arguments, '--to', form, '--out', out, *size)
    if form in FAMILIES[family][1]:
        assert status == 0, err
        with torch.no_grad():
            assert largest(loaded(text)['net'](inputs), wanted(arguments, inputs)) < 1e-5
    else:
        assert status == 2
        said = err.splitlines()[-1]  # after what mmpretrain's log may say of timm's networks
        assert said.startswith('error: ')
        assert said.endswith('onnx.')
        assert not out.exists()


@pytest.mark.parametrize(
    'family', [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in FAMILIES]
)
def test_onnxruntime_computes_the_same_features(family, backbone, run_command, tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    arguments, out = backbone(family), tmp_path / 'made.onnx'
    inputs = images(family, count=3)
    size = ['--size', inputs.shape[-1]]
    status, text, err = run_command('export', *arguments, '--to', 'onnx', '--out', out, *size)
    assert status == 0, err
    names = loaded(text.replace('images}', 'images.numpy()}').replace('; features', '; images=0#'))
    (found,) = names['session'].run(None, {'images': inputs.numpy()})
    assert largest(found, wanted(arguments, inputs)) < TOLERANCE
    (shape,) = (i.shape for i in names['session'].get_inputs())
    free = 'images of any size' in text
    assert [isinstance(side, str) for side in shape] == [True, False, free, free]
    assert onnxruntime.InferenceSession(out)  # which has no other file beside it


def test_pixels_are_normalized_in_the_model_if_asked_for(narrow_backbone, run_command, tmp_path):
    out = tmp_path / 'a.onnx'
    arguments = [narrow_backbone, '--to', 'onnx', '--normalize', '--size', 64, '--out', out]
    status, text, err = run_command('export', *arguments)
    assert status == 0, err
    assert 'inputs    float32 (N, 3, H, W), pixels of 0 to 255, RGB: any N' in text
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 3, 40, 72)).astype('float32')
    (found,) = loaded(text.replace('; features', ' #'))['session'].run(None, {'images': pixels})
    model = get_model(narrow_backbone).cpu()
    with torch.no_grad():
        assert largest(found, model((torch.from_numpy(pixels) - 120) / 60)) < TOLERANCE


@pytest.mark.parametrize('family', [n for n in FAMILIES if 'timm' not in n and n not in LARGE])
def test_detectron2_gets_what_the_tool_writes(family, backbone, run_command, run_tool, tmp_path):
    (path,), ours, tools = backbone(family), tmp_path / 'a.pkl', tmp_path / 'b.pkl'
    status, text, err = run_command('export', path, '--to', 'detectron2', '--out', ours)
    if 'detectron2' not in FAMILIES[family][1]:
        assert (status, ours.exists(), err.count('\n')) == (2, False, 1)
        return
    assert status == 0, err
    told = run_tool('convert_checkpoint.py', path, tools, '--to', 'detectron2')[1]
    assert ours.read_bytes() == tools.read_bytes()
    assert told.partition('b.pkl INPUT')[2] == text.partition('a.pkl INPUT')[2]


def test_the_folder_for_the_hub_is_a_backbone_to_fine_tune(backbone, run_command, tmp_path):
    (path,) = backbone('resnet')
    out = tmp_path / 'model'
    status, _, err = run_command('export', path, '--to', 'huggingface', '--out', out)
    assert status == 0, err
    net = timm.create_model(f'local-dir:{out}', pretrained=True, num_classes=10)
    assert net.fc.out_features == 10
    own = timm.create_model(f'local-dir:{out}', pretrained=True, num_classes=0)
    assert torch.equal(net.layer4[0].conv1.weight, own.layer4[0].conv1.weight)
    data = timm.data.resolve_model_data_config(own)
    assert data['mean'] == pytest.approx([0.485, 0.456, 0.406])
    assert [*data['input_size'], data['crop_pct']] == [3, 224, 224, 0.875]
    assert data['interpolation'] == 'bilinear'
    assert sorted(p.name for p in out.iterdir()) == [
        *('README.md', 'config.json', 'model.safetensors')
    ]


def test_the_model_card_tells_what_the_records_say(backbone, run_command, tmp_path):
    (source,) = backbone('resnet')
    path = tmp_path / 'flowers_backbone.pth'
    path.write_bytes(source.read_bytes())
    shared = dict(
        **dict(model='barlowtwins', pretrain_config='flowers', seed=3, commit='unknown'),
        **dict(versions={'torch': '2.11.0'}, hardware='2 cores', wall_time_s=5400.0),
        **dict(date='2026-01-02', scale='full', checkpoint_sha256=sha256(path)),
        command='mmbarlow pretrain flowers',
    )
    made = [
        dict(config='flowers', task='pretrain', metrics=dict(loss=41.5, epochs=90)),
        dict(config='knn_digits', task='knn', metrics=dict(top1=87.25)),
    ]
    for each in made:
        record = records.Record(dataset='flowers', **shared, **each)
        records.write(record, tmp_path / 'records')
    facts = {'number of images': 1234}
    torch.save(dict(meta=dict(facts=facts), state_dict={}), tmp_path / 'epoch_90.pth')
    status, _, err = run_command('export', path, '--to', 'huggingface')
    assert status == 0, err
    card = (tmp_path / 'flowers_huggingface' / 'README.md').read_text()
    assert card.startswith('---\nlibrary_name: timm\n')
    for row in (
        *('| Data set | flowers |', '| Number of images | 1,234 |', '| Epochs | 90 |'),
        *('| Method | barlowtwins |', '| Last loss | 41.5 |', '| Hours | 1.5 |'),
        '| knn | knn_digits | flowers | top1 | 87.25 |',
    ):
        assert row in card
    assert 'http' not in card


def test_a_run_is_exported_by_its_folder_with_the_size_of_its_views(
    backbone, run_command, tmp_path
):
    path, _, config = backbone('timm resnet')
    (tmp_path / 'pretrain_backbone.pth').write_bytes(path.read_bytes())
    views = "train_dataloader = dict(dataset=dict(pipeline=[dict(type='V', size=96)]))"
    (tmp_path / 'pretrain.py').write_text(f'{config.read_text()}\n{views}')
    status, text, err = run_command('export', tmp_path, '--to', 'timm')
    assert status == 0, err
    assert 'images    96 x 96, minus (123.675, 116.28, 103.53)' in text
    assert f'written   {tmp_path / "pretrain_timm.pth"}' in text


@pytest.mark.parametrize('form', ['timm', 'huggingface', 'onnx', 'detectron2'])
def test_nothing_is_replaced_without_force(form, narrow_backbone, run_command, tmp_path):
    out = tmp_path / 'there.onnx'
    out.write_text('kept')
    status, _, err = run_command('export', narrow_backbone, '--to', form, '--out', out)
    assert (status, out.read_text()) == (2, 'kept')
    assert f'{out} exists already: --force' in err


def test_force_replaces_a_folder_of_a_model_but_no_other(backbone, run_command, tmp_path):
    (path,) = backbone('vit')
    arguments = ['export', path, '--to', 'huggingface', '--out', tmp_path / 'model', '--force']
    assert run_command(*arguments)[0] == 0
    (tmp_path / 'model' / 'README.md').write_text('old')
    assert run_command(*arguments)[0] == 0
    assert (tmp_path / 'model' / 'README.md').read_text() != 'old'
    (tmp_path / 'model' / 'thesis.tex').write_text('kept')
    status, _, err = run_command(*arguments)
    assert (status, 'exists already: give another --out' in err) == (2, True)
    assert (tmp_path / 'model' / 'thesis.tex').read_text() == 'kept'
    assert [p.name for p in tmp_path.iterdir()] == ['model']


@pytest.mark.parametrize('form', ['torchvision', 'huggingface'])
def test_a_full_disk_leaves_nothing_behind(form, backbone, run_command, tmp_path):
    (path,) = backbone('resnet')
    out = tmp_path / ('model' if form == 'huggingface' else 'model.safetensors')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        status, _, err = run_command('export', path, '--to', form, '--out', out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (status, 'File too large' in err, err.count('\n')) == (2, True, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['{narrow}', '--to', 'tensorflow'], "invalid choice: 'tensorflow'"),
        (['nowhere', '--to', 'timm'], 'there is no backbone nowhere'),
        (['{plain}', '--to', 'timm'], 'does not say which network it belongs to'),
        (['{narrow}', '--to', 'timm', '--out', '{plain}/a.pth'], 'cannot write'),
        (['{narrow}', '--to', 'huggingface', '--out', '{plain}/a'], 'cannot write'),
        (['{narrow}', '--to', 'onnx', '--out', 'a.pth'], 'files named *.onnx, not a.pth'),
        (['{narrow}', '--to', 'timm', '--normalize'], '--normalize is for --to onnx'),
        (['{narrow}', '--to', 'onnx', '--size', '0'], '--size 0 is no height of an image'),
    ],
)
def test_wrong_arguments_end_in_one_line(
    arguments, says, backbone, run_command, tmp_path, monkeypatch
):
    torch.save(dict(a=torch.ones(1)), tmp_path / 'plain.pth')
    monkeypatch.chdir(tmp_path)
    (narrow,) = backbone('narrow')
    filled = [a.format(narrow=narrow, plain=tmp_path / 'plain.pth') for a in arguments]
    status, _, err = run_command('export', *filled)
    assert status == 2
    assert says in err
    assert [p.name for p in tmp_path.iterdir()] == ['plain.pth']


@pytest.mark.parametrize(('form', 'name'), [('timm', 'timm'), ('onnx', 'onnxscript')])
def test_a_missing_package_is_named_with_its_cure(
    form, name, narrow_backbone, run_command, monkeypatch
):
    monkeypatch.setitem(__import__('sys').modules, name, None)
    status, _, err = run_command('export', narrow_backbone, '--to', form)
    assert status == 2
    assert f"--to {form} needs the package {name}: pip install 'mmbarlow[export]'." in err
