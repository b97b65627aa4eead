"""The page of a run: what it shows, of which runs, and that a browser takes it as it is."""

import base64
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import mmengine.registry
import mmpretrain.registry
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from PIL import Image
from sklearn.datasets import load_digits

from mmbarlow.apis import get_model
from mmbarlow.checkpoints import export_backbone
from mmbarlow.commands.main import command_line
from mmbarlow.commands.page.feature_map import FeatureMap, Sample
from mmbarlow.commands.page.image_sections import map_section, neighbors_section
from mmbarlow.commands.page.pictures import SPRITE_BYTES, sprite_address
from mmbarlow.commands.page.usage import uses
from mmbarlow.config import load_config
from mmbarlow.config_files import read_config
from mmbarlow.engine.pretraining import pretrain
from mmbarlow.evaluation.spectrum import correlation_cells, correlation_spectrum, effective_rank
from mmbarlow.evaluation.verdict import judge
from mmbarlow.models.encoder import Encoder
from mmbarlow.zoo import provenance, records
from mmbarlow.zoo.curve import read_lines

(CONFIG,) = (Path(__file__).parents[2] / 'configs/barlowtwins').glob('*-30e_digits.py')
HOSTILE = '<script>alert(1)<&">.jpg'
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
OPTIONS = {
    'train_cfg.max_epochs': 2,
    'train_cfg.val_interval': 1,
    'param_scheduler.warmup': 0,
    'train_dataloader.batch_size': 32,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.in_channels': 64,
    'model.neck.hid_channels': 32,
    'model.neck.out_channels': 32,
    'model.head.in_channels': 32,
    'model.channels_last': False,
}


def trained(work_dir: Path, **more) -> Path:
    cfg = load_config(CONFIG, OPTIONS | more, str(work_dir))
    pretrain(cfg, quiet=True)
    return work_dir


@pytest.fixture(scope='module')
def images(tmp_path_factory) -> Path:
    """Digits as files in a folder for each class, with a broken one, a note and a hostile name."""
    folder = tmp_path_factory.mktemp('photos')
    pixels, labels = load_digits(return_X_y=True)
    for i, (image, label) in enumerate(zip(pixels[:120], labels, strict=False)):
        (folder / f'class {label}').mkdir(exist_ok=True)
        name = HOSTILE if i == 0 else f'{i:03}.jpg'
        picture = Image.fromarray((image.reshape(8, 8) * 15.9).astype(np.uint8))
        picture.resize((40, 32)).convert('RGB').save(folder / f'class {label}' / name)
    (folder / 'class 1' / 'broken.jpg').write_bytes(b'\xff\xd8\xff')
    (folder / 'notes.txt').write_text('a note')
    return folder


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory, images) -> Path:
    """A finished run on the folder, with kNN on digits, and two records of an evaluation."""
    folder = tmp_path_factory.mktemp('runs') / 'photos'
    size = dict(type='mmbarlow.TwinViews', size=32, view_a={}, view_b=dict(solarize=0.2))
    pack = dict(type='mmpretrain.PackInputs', meta_keys=('skipped',))
    dataset = dict(type='mmbarlow.ImageFolder', data_root=str(images), pipeline=[size, pack])
    cfg = load_config(CONFIG, OPTIONS, str(folder))
    cfg.train_dataloader.dataset = dataset
    cfg.default_hooks.broken_images = dict(type='mmbarlow.BrokenImagesHook', max_share=0.1)
    pretrain(cfg, quiet=True)
    facts = dict(task='knn', dataset='photos', seed=0, scale='full', command='x', wall_time_s=1.0)
    sha256 = records.read(next((folder / 'records').glob('*.json'))).checkpoint_sha256
    for model, own, value in (('barlowtwins', sha256, 81.5), ('untrained', None, 40.25)):
        name = CONFIG.stem if own else None
        record = records.Record(
            config='knn_photos', model=model, pretrain_config=name, checkpoint_sha256=own,
            metrics=dict(top1_k10=value), **facts, **provenance.provenance(),
        )  # fmt: skip
        records.write(record, folder / 'records')
    return folder


@pytest.fixture
def report(capsys):
    """Call the verb as the shell would; returns (exit status, stdout, stderr)."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            command_line(['report', *map(str, arguments)])
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return call


@pytest.fixture(scope='module')
def page(run_dir) -> str:
    with pytest.raises(SystemExit) as stopped:
        command_line(['report', str(run_dir)])
    assert not stopped.value.code
    return (run_dir / 'report.html').read_text()


class Elements(HTMLParser):
    """Tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.words, self.inside = [], '', ''
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ''

    def handle_data(self, data):
        if self.inside not in ('script', 'style'):
            self.words += data


def test_the_page_has_every_part(page):
    words = Elements(page).words
    headings = re.findall(r'<h2>(.*?)</h2>', page)[1:]
    assert headings == [
        'What it was trained on', 'Curves', 'Cross-correlation of the embeddings',
        'Map of the features', 'Nearest neighbors', 'Results', 'How long, and on what',
        'Use the backbone',
    ]  # fmt: skip
    for chart in ('Both terms of the loss', 'Loss over its floor', 'Learning rate', 'Spectrum'):
        assert f'<h3>{chart}</h3><svg' in page
    assert 'KNN/top1_k10' in words
    assert '1 .txt' in words
    assert 'broken.jpg (' in words
    assert '121' in words  # images


def test_results_stand_beside_their_baselines_and_ours_is_marked(page):
    (own,) = re.findall(r'<tr class=own>.*?</tr>', page)
    assert 'Barlow Twins' in own
    assert '81.5' in own
    assert 'Untrained network' in page
    assert '40.2' in page


def test_nothing_is_fetched(page):
    tags = Elements(page).tags
    sources = [a[k] for _, a in tags for k in ('src', 'href') if a.get(k)]
    assert len(sources) > 50
    assert all(re.match('data:(image/(jpeg|png);base64)?,', source) for source in sources)
    assert re.search(r'https?:|url\((?!data:)|@import', page) is None
    assert all(a.get('alt') for tag, a in tags if tag == 'img')


def test_names_of_files_are_text(page):
    assert '<script>alert' not in page
    found = Elements(page)
    assert [tag for tag, _ in found.tags].count('script') == 2
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page)[1])
    assert f'class 0/{HOSTILE}' in data['names']
    assert data['classes'] == [f'class {i}' for i in range(10)]
    assert len(data['names']) == len(data['groups']) == 120


def test_a_browser_runs_the_page_without_an_error(run_dir, page):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip('there is no browser')
    options = ('--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr')
    address = f'file://{run_dir / "report.html"}'
    done = subprocess.run(
        [browser, *options, '--dump-dom', address], capture_output=True, text=True, timeout=60
    )
    assert 'CONSOLE' not in done.stderr
    tags = Elements(done.stdout).tags
    made = [a for tag, a in tags if tag == 'circle' and 'hsl' in a.get('style', '')]
    assert len(made) == 120
    buttons = [a for tag, a in tags if tag == 'button']
    assert len([a for a in buttons if a.get('aria-pressed') == 'true']) == 10
    assert len(buttons) > 12  # one for each block of code


def test_a_run_that_goes_on_says_so_and_moved_images_too(report, run_dir, tmp_path):
    partial = tmp_path / 'partial'
    shutil.copytree(run_dir, partial)
    next(partial.glob('*_backbone.pth')).unlink()
    config = next(partial.glob('*.py'))
    config.write_text(re.sub(r"data_root='[^']*photos0?'", "data_root='/gone'", config.read_text()))
    assert '/gone' in config.read_text()
    config.write_text(config.read_text().replace('max_epochs=2', 'max_epochs=50'))
    status, out, err = report(partial)
    assert status == 0, err
    words = Elements((partial / 'report.html').read_text()).words
    assert 'This run is not finished: epoch 2 of 50' in words
    assert 'It is too early to judge this training.' in words
    assert 'there is no folder /gone' in words.replace('There', 'there')
    assert 'Use the backbone' not in words
    assert 'Both terms of the loss' in words


def test_logs_alone_make_a_page(report, run_dir, tmp_path):
    shutil.copytree(next(p.parent for p in run_dir.glob('*/vis_data')), tmp_path / 'a/b')
    status, out, err = report(tmp_path / 'a')
    assert status == 0, err
    words = Elements((tmp_path / 'a/report.html').read_text()).words
    assert 'The folder has no config' in words
    assert 'Both terms of the loss' in words


def test_a_training_of_the_invariance_term_alone_has_collapsed(report, tmp_path):
    more = {'model.head.lambd': 0.0, 'train_cfg.max_epochs': 6, 'train_cfg.val_interval': 9}
    more |= {'train_dataloader.batch_size': 64, 'train_dataloader.dataset.indices': 384}
    more |= {'optim_wrapper.optimizer.lr': 0.03}
    folder = trained(tmp_path / 'run', **more)
    status, out, err = report(folder, '--images', '300', '--map', 'pca')
    assert status == 0, err
    assert out.startswith('This training collapsed. The loss went from ')
    assert 'This training collapsed.' in Elements((folder / 'report.html').read_text()).words


def test_labels_of_the_user_color_the_map(report, run_dir, images, tmp_path):
    pytest.importorskip('mmbarlow.datasets.labeled_images')
    (images / 'class 1' / 'broken.jpg').rename(tmp_path / 'broken.jpg')
    out = tmp_path / 'labeled.html'
    status, _, err = report(run_dir, '--labeled', images, '--out', out, '--images', '50')
    assert status == 0, err
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', out.read_text())[1])
    assert len(data['names']) == 50
    assert data['classes'] == [f'class {i}' for i in range(10)]
    names = [data['classes'][group] for group in data['groups']]
    assert [name.split('/')[0] for name in data['names']] == names


@pytest.mark.parametrize(
    ('losses', 'rank', 'share', 'level'),
    [
        ((100.0, 20.0), 9.0, 1.0, 'good'),
        ((100.0, 20.0), None, 1.0, 'good'),
        ((100.0, 20.0), 1.9, 1.0, 'failed'),
        ((100.0, 20.0), 3.9, 1.0, 'doubtful'),
        ((100.0, 92.0), 9.0, 1.0, 'failed'),
        ((100.0, 60.0), 9.0, 1.0, 'doubtful'),
        ((100.0, 92.0), 9.0, 0.2, 'unknown'),
        ((100.0, float('nan')), 9.0, 0.2, 'failed'),
        ((), None, 1.0, 'unknown'),
    ],
)
def test_the_verdict_follows_its_rule(losses, rank, share, level):
    curve = [dict(epoch=float(i), loss=loss) for i, loss in enumerate(losses)]
    assert judge(curve, 10.0, rank, 32, share).level == level


def test_a_loss_without_a_known_floor_is_told_and_not_judged():
    verdict = judge([dict(epoch=1.0, loss=4.8), dict(epoch=2.0, loss=4.7)], None, None, None)
    assert verdict.level == 'unknown'
    assert verdict.reasons == ('The loss went from 4.8 to 4.7.',)


def test_the_spectrum_is_that_of_the_matrix():
    torch.manual_seed(0)
    for N, D in ((20, 50), (50, 20)):
        a, b = torch.randn(2, N, D, dtype=torch.float64)
        c = a.T @ b / N
        expected = torch.linalg.svdvals(c)[: min(N, D)]
        torch.testing.assert_close(correlation_spectrum(a, b), expected)
        torch.testing.assert_close(correlation_cells(a, b), c)
        cells = correlation_cells(a, b, most=10)
        step = D // 10
        block = c[:step, step : 2 * step]
        torch.testing.assert_close(cells[0, 1], block.square().mean().sqrt())
        torch.testing.assert_close(cells[0, 0], c.diagonal()[:step].mean())


def test_the_effective_rank_counts_equal_directions():
    assert effective_rank(torch.tensor([3.0, 3.0, 3.0, 0.0])) == pytest.approx(3)
    assert effective_rank(torch.tensor([5.0, 0.0])) == pytest.approx(1)
    assert effective_rank(torch.zeros(4)) == 0


def test_2000_images_of_noise_with_hostile_names_fit_into_5_megabytes():
    rng = np.random.default_rng(0)
    tiles = [Image.fromarray(x) for x in rng.integers(0, 256, (2000, 96, 96, 3), dtype=np.uint8)]
    sample = Sample([], [f'{"<" * 300}{i}' for i in range(2000)], [0] * 2000, ['a'], 'noise')
    places, groups = rng.random((2000, 2)), np.zeros(2000, int)
    found = FeatureMap(sample, torch.randn(2000, 8), places, groups, ['a'], tiles)
    assert len(map_section(found, 'tsne')) + len(neighbors_section(found)) < 5_000_000
    address, columns, side = sprite_address(tiles)
    assert (columns, side) == (45, 48)
    data = base64.b64decode(address.partition(',')[2])
    assert len(data) <= SPRITE_BYTES
    assert Image.open(io.BytesIO(data)).size == (45 * 48, 45 * 48)


def test_lines_that_a_later_start_repeats_count_once(tmp_path):
    for start, steps in (('20250101_000000', (1, 2, 3)), ('20250101_000001', (2, 3, 4))):
        log = tmp_path / start / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        lines = [json.dumps(dict(iter=i, lr=int(start[-1]))) for i in steps]
        log.write_text('\n'.join(lines))
    found = [(line['iter'], line['lr']) for line in read_lines(tmp_path)]
    assert found == [(1, 0), (2, 1), (3, 1), (4, 1)]


@pytest.fixture(scope='module')
def resnet18(tmp_path_factory) -> dict[str, Path]:
    """Backbones of full width as a training leaves them, with stems of 7 x 7 and of 3 x 3."""
    found = {}
    for kind in ('ResNet', 'ResNet_CIFAR'):
        config = dict(backbone=dict(type=f'mmpretrain.{kind}', depth=18))
        torch.manual_seed(0)
        path = tmp_path_factory.mktemp('it has a blank') / 'x_backbone.pth'
        export_backbone(Encoder(**config).backbone, dict(encoder=json.dumps(config)), path)
        found[kind] = path
    return found


@pytest.mark.parametrize('kind', ['ResNet', 'ResNet_CIFAR'])
def test_the_lines_for_torchvision_timm_and_openmmlab_load_the_same_network(resnet18, kind):
    path = resnet18[kind]
    model = get_model(path).cpu()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = model(images)
        cards = {use.title: use.code for use in uses(path, 64)}
        for title in ('torchvision', 'timm'):
            if title == 'timm':
                pytest.importorskip('timm')
            names: dict = {}
            exec(cards[title], names)
            torch.testing.assert_close(names['network'].eval()(images), expected)
        names = {}
        exec(cards['mmpretrain'], names)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            classifier = mmpretrain.registry.MODELS.build(names['model'])
        classifier.init_weights()
        (found,) = classifier.eval().extract_feat(images)
        torch.testing.assert_close(found, expected)
    assert ('mmseg' in cards) == (kind == 'ResNet')


@pytest.mark.parametrize('kind', ['ResNet', 'ResNet_CIFAR'])
def test_the_lines_for_mmdet_build_a_detector_with_these_weights(resnet18, kind, tmp_path):
    pytest.importorskip('mmdet')
    cards = {use.title: use.code for use in uses(resnet18[kind], 64)}
    (tmp_path / 'detector.py').write_text(cards['mmdet'])
    cfg = read_config(tmp_path / 'detector.py').model
    with DefaultScope.overwrite_default_scope('mmdet'):
        backbone, neck = (mmengine.registry.MODELS.build(cfg[k]) for k in ('backbone', 'neck'))
        backbone.init_weights()
    saved = torch.load(resnet18[kind], weights_only=True)['state_dict']
    name = 'layer3.0.conv1.weight'
    torch.testing.assert_close(backbone.state_dict()[name], saved[name])
    backbone.eval()
    with torch.no_grad():
        maps = neck(backbone(torch.randn(1, 3, 64, 64)))
    assert [x.shape[1] for x in maps] == [256] * 5


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['{tmp}/nowhere'], 'there is no folder {tmp}/nowhere'),
        (['{tmp}'], '{tmp} is no folder of a run'),
        (['{run}', '--out', '{tmp}'], '{tmp} is a folder: give --out the name of a file'),
        (['{run}', '--out', '/proc/x.html'], 'cannot'),
        (['{run}', '--out', '{tmp}/file/x.html'], 'is no folder to write in'),
        (['{run}', '--images', '5000'], '--images is 5000: take from 2 to 2000'),
    ],
)
def test_bad_input_ends_in_a_sentence(report, run_dir, tmp_path, arguments, sentence):
    (tmp_path / 'file').write_text('x')
    places = dict(tmp=tmp_path, run=run_dir)
    status, out, err = report(*(a.format(**places) for a in arguments))
    assert status == 2
    assert sentence.format(**places) in err
    assert err.count('\n') == 1
