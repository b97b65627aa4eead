"""Two modalities, trained from a config to two backbones that are used by themselves."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image
from sklearn.datasets import load_digits

from mmbarlow.apis import extract_features, get_model
from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.commands.main import command_line
from mmbarlow.config import load_config
from mmbarlow.engine.pretraining import pretrain, resume_from
from mmbarlow.errors import InputError
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.encoder_description import encoders_of
from mmbarlow.models.two_modalities.two_modality_barlow_twins import TwoModalityBarlowTwins
from mmbarlow.registry import MODELS

(RECIPE,) = (Path(__file__).parents[3] / 'configs' / 'two_modalities').glob('*_ycbcr.py')
D, K, STEPS = 8, 6, 80
SAME = dict(jitter=0.0, gray=0.0, flip=0.0, crop_scale=(1, 1), crop_ratio=(1, 1))


def write_modalities(root: Path) -> None:
    """20 digits as ink, of one channel, and as its slopes with the ink, of three; four classes."""
    digits = load_digits()
    few = np.concatenate([np.flatnonzero(digits.target == c)[:5] for c in range(4)])
    for number in few:
        ink = np.kron(digits.images[number] * 15, np.ones((2, 2)))
        slopes = [np.clip(128 + slope, 0, 255) for slope in np.gradient(ink)]
        name = Path(str(digits.target[number]), f'{number}.png')
        for folder, pixels in (('ink', ink), ('slopes', np.stack([ink, *slopes], -1))):
            (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(root / folder / name)


def own_config(root: Path, views: int = 2) -> Config:
    options = {
        'data_root': str(root),
        'train_dataloader.dataset.folders': ('ink', 'slopes'),
        'train_dataloader.batch_size': 20,
        'train_dataloader.num_workers': 0,
        'train_cfg.max_epochs': STEPS,
        'default_hooks.checkpoint.interval': STEPS,
        'default_hooks.logger.interval': 1,
        'optim_wrapper.optimizer.lr': 1e-2,
        'model.head.in_channels': D,
        'model.head.common': K,
    }
    cfg = load_config(RECIPE, options, str(root / 'run'))
    for model in cfg.model.modalities.values():
        model.backbone.update(base_channels=8, stem_channels=8)
        model.neck.update(in_channels=64, hid_channels=32, out_channels=D)
        model.head.in_channels = D
    pairs = cfg.train_dataloader.dataset.pipeline[0]
    pairs.update(size=16, view_a=[SAME] * views, view_b=[SAME] * views)
    return cfg


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """The folder of a run that has learned 20 pairs by heart."""
    root = tmp_path_factory.mktemp('modalities')
    write_modalities(root)
    pretrain(own_config(root), quiet=True)
    return root


def test_a_few_pairs_are_learned_by_heart(trained):
    """With 20 images in 8 dimensions nothing keeps the loss from 0."""
    (log,) = trained.glob('run/*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    first, last = lines[0], lines[-1]
    assert first['loss'] > 3
    assert last['loss'] < 0.05 * first['loss']
    kinds = [f'common_{term}' for term in ('invariance', 'redundancy')]
    kinds += ['unique_diagonal', 'unique_redundancy']
    kinds += [f'{m}_{t}' for m in ('luminance', 'chroma') for t in ('invariance', 'redundancy')]
    total = sum(last[f'loss_{kind}'] for kind in kinds)
    assert total == pytest.approx(last['loss'], rel=1e-4)


def test_each_encoder_comes_back_by_itself_with_its_own_images(trained):
    state = read_checkpoint(trained / 'run' / f'epoch_{STEPS}.pth')['state_dict']
    for name, folder, channels in (('luminance', 'ink', 1), ('chroma', 'slopes', 3)):
        model = get_model(trained / 'run' / f'{RECIPE.stem}.{name}_backbone.pth')
        for key, tensor in model.backbone.state_dict().items():
            assert torch.equal(tensor, state[f'modalities.{name}.backbone.{key}']), key
        assert model.images == (dict(channels=1) if channels == 1 else {})
        images = sorted((trained / folder).rglob('*.png'))
        features = extract_features(model, images, size=14)  # the center of 16 pixels
        pixels = [np.asarray(Image.open(p)).reshape(16, 16, -1)[1:15, 1:15] for p in images]
        inputs = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            own = model.data_preprocessor(dict(inputs=inputs, data_samples=None))['inputs']
            wanted = model.backbone(own)[-1].mean((2, 3))
        torch.testing.assert_close(features, wanted, rtol=1e-4, atol=1e-4)


@pytest.fixture
def run_command(capsys):
    def run(*arguments: str | Path) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            command_line(list(map(str, arguments)))
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out + err

    return run


def test_evaluate_takes_each_backbone_and_asks_which_of_a_run(trained, run_command):
    for name, folder in (('luminance', 'ink'), ('chroma', 'slopes')):
        backbone = trained / 'run' / f'{RECIPE.stem}.{name}_backbone.pth'
        out = trained / f'evaluated-{name}'
        status, said = run_command(
            'evaluate', backbone, trained / folder, '--out', out, '--size', 16
        )
        assert status == 0, said
        assert 'kNN' in said
    run, no = trained / 'run', trained / 'no'
    status, said = run_command('evaluate', run, trained / 'ink', '--out', no)
    assert status == 2
    assert 'has the encoders of two modalities: give one of' in said
    with pytest.raises(InputError, match='the modalities luminance and chroma: give one of'):
        get_model(config=own_config(trained))


def test_with_one_view_of_each_it_is_barlow_twins_between_the_modalities(trained):
    cfg = own_config(trained, views=1)
    cfg.model.head.common = D
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    assert isinstance(model, TwoModalityBarlowTwins)
    views = [torch.randint(0, 256, (16, c, 16, 16), dtype=torch.uint8) for c in (1, 3)]
    got = model(views, mode='loss')
    z = []
    for view, twins in zip(views, model.modalities.values(), strict=True):
        data = twins.data_preprocessor(dict(inputs=view, data_samples=None))
        z.append(twins.neck(twins.backbone(data['inputs'])))
    wanted = CrossCorrelationHead(D, lambd=0.005).loss(*z)
    assert list(got) == ['loss_common_invariance', 'loss_common_redundancy']
    for ours, theirs in zip(got.values(), wanted.values(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_weight_within_modalities_and_chunks_change_what_they_should(trained):
    views = [torch.randint(0, 256, (16, c, 16, 16), dtype=torch.uint8) for c in (1, 1, 3, 3)]

    def terms(**options) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = MODELS.build(own_config(trained).model | options)
        return model(views, mode='loss')

    once, twice, chunks = terms(), terms(intra_weight=2.0), terms(chunk_size=8)
    for name, value in once.items():
        within = 'common' not in name and 'unique' not in name
        torch.testing.assert_close(twice[name], (1 + within) * value)
    assert chunks.keys() == once.keys()
    assert all(torch.isfinite(value) for value in chunks.values())


@pytest.mark.parametrize(
    ('views', 'mode', 'says'),
    [
        ([1, 1, 3], 'loss', 'with 3 views'),
        ([1, 3], 'tensor', "mode 'tensor' with 2 views"),
        ([3, 1], 'loss', 'the images have 3 channels and the backbone takes 1'),
    ],
)
def test_what_are_no_views_of_two_modalities_ends_in_a_sentence(trained, views, mode, says):
    model = MODELS.build(own_config(trained).model)
    with pytest.raises(InputError, match=says):
        model([torch.zeros(4, c, 16, 16) for c in views], mode=mode)


def test_a_model_of_one_modality_is_refused(trained):
    cfg = own_config(trained).model
    del cfg.modalities['chroma']
    with pytest.raises(InputError, match='model.modalities has luminance: give two'):
        MODELS.build(cfg)


@pytest.mark.parametrize(
    ('name', 'options', 'says'),
    [
        ('luminance', dict(backbone=dict(in_channels=3)), 'luminance.backbone.in_channels=1'),
        ('chroma', dict(backbone=dict(in_channels=1)), 'modalities.chroma.backbone.in_channels=3'),
        (
            'luminance',
            dict(data_preprocessor=dict(mean=[1.0] * 3, std=[1.0] * 3)),
            'model.modalities.luminance.data_preprocessor.mean and std have 3',
        ),
    ],
)
def test_channels_of_a_modality_that_do_not_fit_name_its_key(
    trained, tmp_path, name, options, says
):
    cfg = own_config(trained)
    cfg.work_dir = str(tmp_path / 'run')
    for part, values in options.items():
        cfg.model.modalities[name][part].update(values)
    with pytest.raises(InputError, match=says):
        pretrain(cfg)
    assert not (tmp_path / 'run').exists()


def test_the_floor_is_that_of_the_parts(trained, tmp_path):
    cfg = own_config(trained)
    cfg.work_dir, N, L = str(tmp_path / 'run'), 20, cfg.model.head.lambd
    cfg.model.head.update(in_channels=64, common=48)
    for name in cfg.model.modalities:
        cfg.model.modalities[name].neck.out_channels = 64
        cfg.model.modalities[name].head.in_channels = 64
    cfg.train_cfg.max_epochs, cfg.default_hooks.checkpoint.interval = 1, 1
    pretrain(cfg)
    (log,) = (tmp_path / 'run').glob('*/*.log')

    def floor(D: int) -> float:
        energy = L * (D * D / (N - 1) - D)
        return D * energy / (D + energy)

    assert f'the loss cannot go below {floor(48) + 2 * floor(64):.1f}' in log.read_text()


def test_a_run_does_not_go_on_with_other_partners(trained, tmp_path):
    cfg = own_config(trained)
    cfg.work_dir = str(tmp_path / 'run')
    shutil.copytree(trained / 'run', cfg.work_dir)
    shutil.copytree(trained / 'ink', tmp_path / 'ink')
    shutil.copytree(trained / 'slopes', tmp_path / 'slopes')
    cfg.data_root = cfg.train_dataloader.dataset.data_root = str(tmp_path)
    cfg.train_cfg.max_epochs += 1
    resume_from(cfg)
    first = min((tmp_path / 'slopes' / '0').iterdir())
    (tmp_path / 'slopes' / '0' / f'x{first.name}').symlink_to(first)
    cfg.train_dataloader.dataset.update(group=r'^(\d)/')
    with pytest.raises(InputError, match='cannot be resumed with other data.*all partners'):
        pretrain(cfg, quiet=True)


def test_the_partners_are_looked_at_before_the_first_step(trained, tmp_path):
    cfg = own_config(trained)
    cfg.work_dir = str(tmp_path / 'run')
    dark = tmp_path / 'data' / 'slopes'
    shutil.copytree(trained / 'ink', tmp_path / 'data' / 'ink')
    for path in (trained / 'slopes').rglob('*.png'):
        to = dark / path.relative_to(trained / 'slopes')
        to.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16)).save(to)
    cfg.data_root = cfg.train_dataloader.dataset.data_root = str(tmp_path / 'data')
    with pytest.raises(InputError, match='^the second images of the pairs: .*max_dark_share'):
        pretrain(cfg, quiet=True)
    assert not (tmp_path / 'run').exists()
    (log,) = trained.glob('run/*/*.log')
    assert 'the partners: 20 of 20 training images looked at: 20 of 8-bit RGB' in log.read_text()


def test_a_report_is_of_one_encoder(trained, run_command):
    status, said = run_command('report', trained / 'run')
    assert status == 2
    assert 'and a report is of one encoder' in said
    assert not (trained / 'run' / 'report.html').exists()


def test_verify_looks_at_both_sides_of_a_table_of_pairs(trained, tmp_path, run_command):
    names = [p.relative_to(trained / 'ink') for p in sorted((trained / 'ink').rglob('*.png'))]
    rows = [f'ink/{n},slopes/{n}' for n in names]
    (trained / 'pairs.csv').write_text('\n'.join(['path_a,path_b', *rows]))
    words = '--output', tmp_path / 'broken.txt', '--workers', '1'
    status, said = run_command('verify', trained / 'pairs.csv', *words)
    assert status == 0, said
    first, second = said.split('path_a\n')[1].split('path_b\n')
    assert 'uint8 of 1 channel: 20 images' in first
    assert 'uint8 of 3 channels: 20 images' in second
    rows.append(f'ink/{names[0]},no.png')
    (trained / 'pairs.csv').write_text('\n'.join(['path_a,path_b', *rows]))
    status, said = run_command('verify', trained / 'pairs.csv', *words)
    assert status == 1
    assert 'no.png' in (tmp_path / 'broken.txt').read_text()


def test_the_saved_config_keeps_which_modality_is_the_first(trained):
    saved = Config.fromfile(trained / 'run' / f'{RECIPE.stem}.py')
    assert list(encoders_of(saved)) == list(MODELS.build(saved.model).modalities)
    assert list(encoders_of(saved)) == ['luminance', 'chroma']  # MMEngine sorts by name
    assert encoders_of(saved)['luminance']['images'] == dict(channels=1)
    with pytest.raises(InputError, match='model.order='):
        MODELS.build(saved.model | dict(order=['a', 'chroma']))
