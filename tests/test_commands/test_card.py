"""`mmbarlow card` on digits with a tiny network, whole; and what it says of bad input."""

import csv
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmbarlow.benchmarks.card.corrupting import corrupted_accuracy
from mmbarlow.benchmarks.card.data import shipped_card_data
from mmbarlow.benchmarks.network import read_network
from mmbarlow.zoo import records

library = pytest.importorskip('imagecorruptions')
KINDS = ('brightness', 'glass_blur', 'gaussian_noise')
ROWS = {
    'kNN, 20 neighbors': ('knn', 'top1'),
    'linear (logistic regression)': ('logistic', 'top1'),
    'attentive probe': ('attentive', 'top1'),
    'kNN, 4 labels a class': ('fewshot-4', 'top1_mean'),
    'linear, corrupted images': ('robustness', 'top1'),
    'calibration error (ECE), percent': ('calibration', 'ece'),
}


@pytest.fixture(scope='module')
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('card')


@pytest.fixture
def card(place, run_command, narrow_backbone) -> Path:
    """The folder of one card, which the tests of this file share."""
    if not (place / 'stdout').exists():
        status, out, err = run_command(
            *('card', narrow_backbone, 'digits', '--out', place),
            *('--supervised', narrow_backbone, '--corrupted-images', 20, '--corruptions', *KINDS),
        )
        assert status == 0, err
        (place / 'stdout').write_text(out)
    return place


def found_in(folder: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Metrics by model and by what was measured."""
    return {
        (r.model, r.config.removesuffix('_digits')): r.metrics
        for r in records.read_folder(folder / 'records')
    }


def test_every_network_has_a_record_of_every_row(card):
    rows = ['knn', 'logistic', 'attentive', 'calibration', 'robustness']
    rows += [f'fewshot-{n}' for n in (1, 2, 4, 8, 16)]
    models = ('untrained', 'barlowtwins', 'supervised')
    assert set(found_in(card)) == {(model, row) for model in models for row in rows}
    tasks = {r.task for r in records.read_folder(card / 'records')}
    assert tasks == {'knn', 'logistic', 'attentive', 'fewshot', 'calibration', 'robustness'}
    (scale,) = {
        r.scale for r in records.read_folder(card / 'records') if r.config == 'robustness_digits'
    }
    assert '20 of 360 test images, drawn evenly.' in scale


def test_the_page_has_the_numbers_of_the_records_and_the_figure(card):
    page, found = (card / 'card.md').read_text(), found_in(card)
    assert '1,437 training and 360 test images of 10 classes, shown at 32 px' in page
    assert '| Untrained network | Barlow Twins | Supervised |' in page
    for title, (row, name) in ROWS.items():
        (line,) = [line for line in page.splitlines() if line.startswith(f'| {title} |')]
        for model, cell in zip(
            ('untrained', 'barlowtwins', 'supervised'), line.split('|')[2:5], strict=True
        ):
            assert re.match(rf' {found[model, row][name]:.1f}( ± \d+\.\d)? $', cell), line
    assert '![Results](card.png)' in page
    with Image.open(card / 'card.png') as picture:
        assert min(picture.size) > 600
        assert len(np.unique(np.asarray(picture.convert('RGB')).reshape(-1, 3), axis=0)) > 50


def test_a_network_with_the_same_weights_has_the_same_numbers(card):
    found = found_in(card)
    for (model, row), metrics in found.items():
        if model == 'supervised':
            assert metrics == found['barlowtwins', row]
        elif model == 'untrained':
            assert metrics != found['barlowtwins', row]


def test_the_table_of_corruptions_has_the_means_of_the_records(card):
    table = list(csv.DictReader((card / 'robustness.csv').read_text().splitlines()))
    assert len(table) == 3 * len(KINDS) * 5
    own = [line for line in table if line['network'] == 'Barlow Twins']
    metrics = found_in(card)['barlowtwins', 'robustness']
    assert metrics['top1'] == pytest.approx(np.mean([float(line['top1']) for line in own]), 1e-3)
    for kind in KINDS:
        mean = np.mean([float(line['top1']) for line in own if line['corruption'] == kind])
        assert metrics[f'top1_{kind}'] == pytest.approx(mean, abs=0.01)
    assert {float(line['top1']) % 5 for line in own} == {0.0}  # of 20 images


def test_more_labels_are_worth_more(card):
    found = found_in(card)
    means = [found['barlowtwins', f'fewshot-{n}']['top1_mean'] for n in (1, 4, 16)]
    assert sorted(means) == means
    assert found['barlowtwins', 'logistic']['top1'] > 60  # 10 by chance


@pytest.mark.parametrize('workers', [0, 1])
def test_networks_see_the_images_that_the_library_corrupts(workers, narrow_backbone):
    network = read_network(str(narrow_backbone))
    data = shipped_card_data('digits', network)
    data.test['num_workers'] = workers
    index, names = torch.tensor([3, 7, 200]), ('glass_blur', 'fog')
    seen = []

    def answers_of(batch: dict) -> torch.Tensor:
        seen.append(batch['inputs'])
        return torch.stack([sample.gt_label[0] for sample in batch['data_samples']])

    labels = torch.tensor([
        int(sample['gt_label']) for sample in map(data.build()[1].dataset.get_data_info, range(360))
    ])  # fmt: skip
    table = corrupted_accuracy(dict(net=answers_of), data, labels, index, names)['net']
    assert table.tolist() == [[100.0] * 5] * 2
    from mmbarlow.datasets.corruption import corrupted, corruption_seed

    images = [data.build()[1].dataset[int(i)]['inputs'].permute(1, 2, 0).numpy() for i in index]
    expected = [
        corrupted(image, name, severity, corruption_seed(0, int(i), name, severity))
        for name in names
        for severity in range(1, 6)
        for i, image in zip(index, images, strict=True)
    ]
    found = torch.cat(seen).permute(0, 2, 3, 1).numpy()
    assert (found == np.stack(expected)).all()


@pytest.fixture
def folder(tmp_path) -> Path:
    """Class folders of 5 noisy images each."""
    rng = np.random.default_rng(0)
    for name in 'ab':
        (tmp_path / 'images' / name).mkdir(parents=True)
        for i in range(5):
            pixels = rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / 'images' / name / f'{i}.png')
    return tmp_path / 'images'


QUICK = ('--workers', 0, '--parts', 'knn', 'fewshot')


def test_rows_that_need_more_images_are_left_out_with_the_reason(
    run_command, narrow_backbone, folder, tmp_path
):
    status, out, err = run_command(
        'card', narrow_backbone, folder, *QUICK, '--out', tmp_path / 'card', '--size', 24
    )
    assert status == 0, err
    page = (tmp_path / 'card' / 'card.md').read_text()
    assert 'kNN, 4 labels a class' in page  # 4 of 5 are for training
    assert 'kNN, 8 labels' not in page
    assert '**fewshot-8** is left out: the smallest class has 4 training images.' in page
    assert (tmp_path / 'card' / 'card.png').exists()


def test_images_too_small_to_corrupt_leave_that_part_out_unless_it_is_asked_for(
    run_command, narrow_backbone, folder, tmp_path
):
    words = ['card', narrow_backbone, folder, '--out', tmp_path / 'card', '--size', 24]
    status, out, _ = run_command(*words, '--workers', 0)
    assert status == 0
    reason = 'corruptions need images of 32 px or more, and these have 24.'
    assert f'robustness is left out: {reason}' in out
    page = (tmp_path / 'card' / 'card.md').read_text()
    assert reason in page
    status, _, err = run_command(*words, '--parts', 'robustness')
    assert (status, err.strip().splitlines()) == (2, [f'error: {reason}'])


def test_without_the_package_the_line_that_installs_it_is_said(
    run_command, narrow_backbone, folder, monkeypatch
):
    monkeypatch.setitem(sys.modules, 'imagecorruptions', None)
    status, _, err = run_command('card', narrow_backbone, folder, '--parts', 'robustness')
    assert status == 2
    assert "pip install 'mmbarlow[robustness]'" in err
    assert len(err.strip().splitlines()) == 1


BAD = {
    "a card has no part 'svm': take some of knn, logistic": ['--parts', 'svm'],
    "there is no corruption 'rain'": ['--corruptions', 'rain'],
    "a number or 'all', not 'half'": ['--corrupted-images', 'half'],
    'must be 1 or more, got 0': ['--corrupted-images', '0'],
    'the precision is one of auto, fp32, bf16': ['--precision', 'int8'],
    'there is no checkpoint nowhere.pth': ['--supervised', 'nowhere.pth'],
}


@pytest.mark.parametrize(('says', 'options'), BAD.items())
def test_bad_options_end_in_one_line(says, options, run_command, narrow_backbone, folder):
    before = sorted(narrow_backbone.parent.rglob('*'))
    status, _, err = run_command('card', narrow_backbone, folder, *options)
    assert status == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert sorted(narrow_backbone.parent.rglob('*')) == before


@pytest.mark.parametrize('kind', ['one class', 'no data', 'another kind', 'several classes'])
def test_bad_input_ends_in_one_line(kind, run_command, narrow_backbone, folder, tmp_path):
    backbone, source = narrow_backbone, folder
    if kind == 'one class':
        for path in (folder / 'b').iterdir():
            path.unlink()
    elif kind == 'no data':
        source = 'mnist'
    elif kind == 'another kind':
        backbone = tmp_path / 'detector.pth'
        torch.save(dict(state_dict={'roi_head.fc.weight': torch.zeros(2, 2)}), backbone)
    else:
        source = folder / 'labels.csv'
        source.write_text('path,label\na/0.png,x|y\na/1.png,x\na/2.png,y\nb/0.png,x|y\n')
    says = {
        'one class': 'only the class a',
        'no data': 'no data set of that name; there are cifar10, cifar100, digits',
        'another kind': 'detector',
        'several classes': 'needs images of one class each',
    }[kind]
    status, _, err = run_command('card', backbone, source, *QUICK)
    assert status == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1
