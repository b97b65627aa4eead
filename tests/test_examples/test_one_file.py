"""The method in one file against the package: the same weights and views give the same training."""

import ast
import importlib.util
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from PIL import Image
from torch import Tensor, nn

from mmbarlow.engine.lars import LARS
from mmbarlow.engine.param_groups import NdimParamGroups
from mmbarlow.engine.schedule import WarmupCosineLR
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.knn import knn_predict
from mmbarlow.registry import MODELS

FILE = Path(__file__).parents[2] / 'examples' / 'barlow_twins_one_file.py'
N, D, STEPS = 16, 32, 20


@pytest.fixture(scope='module')
def one_file():
    spec = importlib.util.spec_from_file_location(FILE.stem, FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.DEVICE = 'cpu'
    return module


def in_the_package(net: nn.ModuleDict) -> nn.Module:
    """The model of the package, with the weights of the file's network."""
    init_default_scope('mmengine')
    neck = dict(type='mmbarlow.BarlowTwinsNeck', in_channels=512, hid_channels=D, out_channels=D)
    model = MODELS.build(
        dict(
            type='mmbarlow.BarlowTwins',
            backbone=dict(type='mmpretrain.ResNet', depth=18),
            neck=neck,
            head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=D, lambd=0.0051),
        )
    )
    model.backbone.load_state_dict(net.backbone.state_dict())
    model.neck.projector.load_state_dict(net.projector.state_dict())
    return model


def pairs_of_views() -> list[list[Tensor]]:
    """For each step the two views of a batch, (N, 3, 32, 32) each."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(STEPS, N, 3, 32, 32, generator=generator)
    noise = torch.randn(STEPS, 2, N, 3, 32, 32, generator=generator)
    return [[image + 0.5 * n for n in pair] for image, pair in zip(images, noise, strict=True)]


def train_in_the_package(model: nn.Module) -> tuple[list[float], list[list[float]]]:
    """Losses and learning rates of each step; the published rates, in proportion to the batch."""
    optimizer = dict(type='mmbarlow.LARS', lr=0.2 * N / 256, momentum=0.9, weight_decay=1e-6)
    optim_wrapper = NdimParamGroups(
        dict(type='OptimWrapper', optimizer=optimizer), dict(bias_lr=0.0048 / 8 * N / 256)
    )(model)
    schedule = WarmupCosineLR(optim_wrapper, warmup=STEPS // 10, end=STEPS, by_epoch=False)
    losses, rates = [], []
    model.train()
    for views in pairs_of_views():
        rates.append([group['lr'] for group in optim_wrapper.optimizer.param_groups])
        loss = sum(model(views, mode='loss').values())
        optim_wrapper.update_params(loss)
        schedule.step()
        losses.append(loss.item())
    return losses, rates


def flat(module: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_twenty_steps_have_the_losses_rates_and_weights_of_the_package(one_file):
    torch.manual_seed(0)
    net = one_file.network(D)
    theirs, start = in_the_package(net), flat(net)
    batches = [[(view, None) for view in views] for views in pairs_of_views()]
    losses, rates = zip(*one_file.train(net, batches, epochs=1), strict=True)
    wanted_losses, wanted_rates = train_in_the_package(theirs)
    np.testing.assert_allclose(rates, wanted_rates, rtol=1e-9)
    np.testing.assert_allclose(losses, wanted_losses, rtol=3e-6)  # 25 roundings of fp32
    moved, wanted = flat(net) - start, flat(theirs) - start
    assert wanted.norm() > 1e-5 * start.norm()
    assert (moved - wanted).norm() < 0.01 * wanted.norm()


def test_a_weight_of_zeros_and_a_gradient_of_zeros_take_the_steps_of_the_package(one_file):
    """Where a norm is 0 there is no ratio: q = 1."""

    def step(optimizer_of) -> list[Tensor]:
        weights = [nn.Parameter(torch.full((2, 3), x)) for x in (0.0, 0.0, 2.0)]
        for weight, slope in zip(weights, (1.0, 0.0, 0.0), strict=True):
            weight.grad = torch.full_like(weight, slope)
        optimizer_of(weights).step()
        return [weight.detach() for weight in weights]

    options = dict(lr=0.1, momentum=0.9, weight_decay=0.0, eta=0.001)
    got = step(lambda weights: one_file.LARS(weights, options))
    wanted = step(lambda weights: LARS(weights, **options))
    assert all(map(torch.equal, got, wanted))
    assert got[0].unique().tolist() == pytest.approx([-0.1])


def test_knn_predicts_what_the_package_does(one_file):
    generator = torch.Generator().manual_seed(0)
    bank, queries = (torch.randn(n, 8, generator=generator) for n in (300, 200))
    labels = torch.arange(300) % 7
    unit = [nn.functional.normalize(x) for x in (bank, queries)]
    got = one_file.knn(unit[0], labels, unit[1], k=20)
    wanted = knn_predict(Features(bank, labels), queries, [20])[20][:, 0]
    assert torch.equal(got, wanted)
    assert len(got.unique()) == 7


def test_it_is_at_most_150_lines_of_torch_and_the_standard_library():
    text = FILE.read_text()
    assert len(text.splitlines()) <= 150
    nodes = list(ast.walk(ast.parse(text)))
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in nodes if isinstance(n, ast.ImportFrom)}
    others = {name.split('.')[0] for name in names} - sys.stdlib_module_names
    assert others == {'torch', 'torchvision'}


@pytest.fixture
def folder(tmp_path) -> Path:
    """{train,test}/{dark,light}/*.png, which differ in what no view changes: their brightness."""
    rng = np.random.default_rng(0)
    for split, n in dict(train=8, test=3).items():
        for name, low in dict(dark=0, light=200).items():
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(n):
                pixels = rng.integers(low, low + 50, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f'{i}.png')
    return tmp_path


@pytest.fixture
def run(monkeypatch, tmp_path_factory, capfd):
    """Call the file as the shell would; returns (exit status, stdout, stderr)."""

    def call(*arguments) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path_factory.mktemp('work'))
        monkeypatch.setattr(sys, 'argv', [FILE.name, *map(str, arguments)])
        try:
            runpy.run_path(str(FILE), run_name='__main__')
            status = 0
        except SystemExit as stopped:
            status = stopped.code
        return status, *capfd.readouterr()

    return call


def test_class_folders_are_learned_from_and_measured(run, folder):
    small = ['--batch', 8, '--width', 16, '--epochs', 1]
    status, out, err = run('--data', folder, *small)
    assert status == 0, err
    assert 'kNN: ' in out
    assert 'conv1.weight' in torch.load('barlow_twins_resnet18.pth')
    status, out, err = run('--data', folder / 'train', *small)
    assert status == 0, err
    assert 'no kNN without' in out


def broken(folder: Path) -> None:
    path = folder / 'train' / 'dark' / '0.png'
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--data', 'nowhere'], "No such file or directory: 'nowhere'"),
        (['--data', '{folder}/train/dark'], "Couldn't find any class folder"),
        (['--data', '{folder}', '--batch', '17'], '16 images, batch 17'),
        (['--data', '{folder}', '--batch', '0'], 'batch_size'),
        (['--data', '{folder}', '--epochs', '0'], 'epochs 0'),
        (['--data', '{folder}', '--width', '0'], 'D 0'),
        (['--data', '{folder}', '--batch', '8'], 'truncated'),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(run, folder, arguments, says):
    if says == 'truncated':
        broken(folder)
    status, _, err = run(*(a.format(folder=folder) for a in arguments))
    assert status == 2
    assert says in err
    assert err.count('\n') == 1
