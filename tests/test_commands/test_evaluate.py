"""`mmbarlow evaluate` and `mmbarlow compare` on small folders, against scikit-learn."""

import csv
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from mmbarlow.benchmarks import finetuning
from mmbarlow.benchmarks.comparison import ARMS, verdict
from mmbarlow.benchmarks.finetuning import finetune
from mmbarlow.benchmarks.labeled_task import LabeledTask
from mmbarlow.benchmarks.network import read_network
from mmbarlow.datasets.labeled_images import read_labeled
from mmbarlow.zoo import records

PER_CLASS = {'0': 40, '3': 30, '8': 12, '9': 8}  # of the digits
QUICK = ('--workers', '0')


@pytest.fixture(scope='session')
def digits_folder(tmp_path_factory) -> Path:
    """Class folders of 90 images of 32 px, of four digits in uneven numbers."""
    root, digits = tmp_path_factory.mktemp('digits') / 'Small Digits', load_digits()
    for name, count in PER_CLASS.items():
        (root / name).mkdir(parents=True)
        for i in np.flatnonzero(digits.target == int(name))[:count]:
            pixels = (digits.images[i] * 15.9).astype(np.uint8).repeat(4, 0).repeat(4, 1)
            Image.fromarray(pixels).convert('RGB').save(root / name / f'{i}.png')
    return root


@pytest.fixture(scope='module')
def results(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('results')


@pytest.fixture
def evaluated(results, run_command, narrow_backbone, digits_folder) -> Path:
    """The folder of the results of one evaluation, which the tests of this file share."""
    if not (results / 'records').is_dir():
        supervised = results / 'of other code (1).pth'
        torch.save(torch.load(narrow_backbone)['state_dict'], supervised)
        status, out, err = run_command(
            *('evaluate', narrow_backbone, digits_folder, *QUICK),
            *('--records', results / 'records', '--supervised', supervised),
        )
        assert status == 0, err
        (results / 'stdout').write_text(out)
    return results


def found_in(folder: Path) -> dict[tuple[str, str], dict[str, float]]:
    return {(r.model, r.task): r.metrics for r in records.read_folder(folder / 'records')}


def pixels_of(root: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    labeled = read_labeled(root, split=0.2, seed=0).part(part)
    images = [
        np.asarray(Image.open(p).convert('RGB'), float).transpose(2, 0, 1).ravel()
        for p in labeled.paths
    ]
    return np.stack(images) / 127.5 - 1, labeled.labels


def test_raw_pixels_are_worth_what_scikit_learn_finds(evaluated, digits_folder):
    (x, y), (x_test, y_test) = (pixels_of(digits_folder, part) for part in ('train', 'test'))
    assert np.bincount(y_test).tolist() == [8, 6, 2, 2]  # a fifth of each class
    knn = KNeighborsClassifier(20, metric='cosine', weights=lambda d: np.exp((1 - d) / 0.07))
    scale = x.std(0, ddof=1)
    scale[scale == 0] = 1
    linear = LogisticRegression(C=0.1, max_iter=1000)
    answers = dict(
        knn=knn.fit(x, y).predict(x_test),
        linear=linear.fit((x - x.mean(0)) / scale, y).predict((x_test - x.mean(0)) / scale),
    )
    for task, answer in answers.items():
        metrics = found_in(evaluated)['pixels', task]
        assert metrics['top1'] == pytest.approx(100 * (answer == y_test).mean())
        expected = 100 * balanced_accuracy_score(y_test, answer)
        assert metrics['top1_per_class'] == pytest.approx(expected)


def test_the_table_has_what_the_records_say(evaluated):
    lines = (evaluated / 'stdout').read_text().splitlines()
    found = found_in(evaluated)
    for model, title in dict(
        pixels='Raw pixels',
        untrained='Untrained network',
        barlowtwins='Barlow Twins',
        supervised='Supervised',
    ).items():
        (row,) = [line for line in lines if line.startswith(title)]
        knn, few = found[model, 'knn'], found[model, 'fewlabel_knn']
        assert f'{knn["top1"]:.1f} / {knn["top1_per_class"]:.1f}' in row
        assert f'{few["top1_mean"]:.1f} +- {few["top1_std"]:.1f} / ' in row
    assert any('72 training, 18 test images' in line and '5 labels' in line for line in lines)
    assert 'Always the largest class would give 44.4 %' in '\n'.join(lines)  # 8 of 18
    assert found['supervised', 'knn'] == found['barlowtwins', 'knn']  # the same tensors


def test_records_name_the_data_and_the_command(evaluated):
    record = next(r for r in records.read_folder(evaluated / 'records') if r.task == 'linear')
    assert (record.dataset, record.config) == ('small-digits', 'linear_small-digits')
    assert record.scale == 'full'
    assert record.command == shlex.join(['mmbarlow', *sys.argv[1:]])
    assert record.pretrain_config == 'pretrain_backbone'


def test_the_confusion_matrix_has_every_test_image_and_the_accuracy(evaluated):
    folder = evaluated / 'evaluate' / 'small-digits'
    header, *rows = csv.reader((folder / 'confusion.csv').read_text().splitlines())
    assert header == ['true class', *PER_CLASS]
    counts = np.array([row[1:] for row in rows], int)
    assert counts.sum(1).tolist() == [8, 6, 2, 2]
    metrics = found_in(evaluated)['barlowtwins', 'linear']
    assert metrics['top1'] == pytest.approx(100 * counts.trace() / 18)
    shares = counts.diagonal() / counts.sum(1)
    assert metrics['top1_per_class'] == pytest.approx(100 * shares.mean())
    with Image.open(folder / 'confusion.png') as picture:
        assert min(picture.size) > 300


def test_images_of_several_classes_have_a_mean_average_precision(
    run_command, narrow_backbone, digits_folder, tmp_path
):
    (x, y), (x_test, y_test) = (pixels_of(digits_folder, part) for part in ('train', 'test'))
    labeled = read_labeled(digits_folder, split=0.2)
    names = [f'{labeled.classes[c]}' + '|round' * (c != 1) for c in labeled.labels.tolist()]
    rows = zip(labeled.paths, names, labeled.split, strict=True)
    table = tmp_path / 'several.csv'
    table.write_text('path,label,split\n' + ''.join(f'{",".join(row)}\n' for row in rows))
    status, out, err = run_command(
        'evaluate', narrow_backbone, table, *QUICK, '--records', tmp_path / 'records'
    )
    assert status == 0, err
    marks, truth = (np.c_[np.eye(4)[y], y != 1] for y in (y, y_test))
    units = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, x_test)]
    similarity = units[1] @ units[0].T
    nearest = np.argsort(-similarity)[:, :20]
    weights = np.exp(np.take_along_axis(similarity, nearest, 1) / 0.07)
    scores = np.einsum('qk,qkc->qc', weights, marks[nearest]) / weights.sum(1, keepdims=True)
    expected = 100 * average_precision_score(truth, scores.astype(np.float32))
    assert found_in(tmp_path)['pixels', 'knn']['mAP'] == pytest.approx(expected, abs=0.01)
    header, *lines = csv.reader(
        (tmp_path / 'evaluate' / 'several' / 'classes.csv').read_text().splitlines()
    )
    assert [line[:2] for line in lines][-1] == ['round', '12']
    mean = np.mean([float(line[2]) for line in lines])
    assert found_in(tmp_path)['barlowtwins', 'linear']['mAP'] == pytest.approx(mean, abs=0.06)
    assert 'Mean average precision in percent, over 5 classes' in out


def test_fine_tuning_learns_the_digits(narrow_backbone, digits_folder):
    task = LabeledTask(str(digits_folder), 'digits', 32, workers=0, batch_size=8)
    found = finetune(read_network(str(narrow_backbone)), task, epochs=24, seed=0)
    assert found['top1'] > 60  # the largest class: 44
    assert 25 < found['top1_per_class'] < 100


def test_compare_gives_each_seed_the_same_budget_and_a_verdict(
    run_command, narrow_backbone, digits_folder, tmp_path
):
    status, out, err = run_command(
        *('compare', narrow_backbone, digits_folder, *QUICK, '--records', tmp_path / 'records'),
        *('--epochs', '1', '--seeds', '2', '--labels', '6', '--batch-size', '8'),
    )
    assert status == 0, err
    assert '24 training and 18 test images of 4 classes' in out
    found = records.read_folder(tmp_path / 'records')
    assert {(r.model, r.task, r.benchmark_seed) for r in found} == {
        (model, task, seed)
        for model in ('untrained', 'barlowtwins')
        for task in ('finetune', 'linear')
        for seed in (0, 1)
    }
    top1 = [r.metrics['top1'] for r in found if (r.model, r.task) == ('untrained', 'finetune')]
    mean, spread = np.mean(top1), np.std(top1, ddof=1)
    assert 'from scratch, all weights' in out
    assert f'{mean:.1f} +- {spread:.1f}' in out
    assert (tmp_path / 'compare' / 'small-digits' / 'verdict.txt').read_text() in out


@pytest.mark.parametrize(
    ('tuned', 'says'),
    [
        ([60, 62, 64], 'helps by 10.0 +- 2.0 points with all weights'),  # gains 10, 8, 12
        ([51, 53, 53], 'makes no clear difference (+0.3 +- 1.2 points)'),  # 1, -1, 1
        ([40, 44, 41], 'does not help, it costs 10.3 +- 0.6 points'),  # -10, -10, -11
    ],
)
def test_a_verdict_is_about_the_differences_of_each_seed(tuned, says):
    scratch = [50, 54, 52]
    results = [scratch, [30, 30, 30], tuned, [30, 30, 30]]
    found = {
        arm.title: [dict(top1=float(v)) for v in values]
        for arm, values in zip(ARMS, results, strict=True)
    }
    sentence = verdict(found)
    gains = np.subtract(tuned, scratch)
    assert f'{abs(gains.mean()):.1f} +- {gains.std(ddof=1):.1f} points' in sentence
    assert says in sentence
    assert 'makes no clear difference (+0.0 +- 0.0 points) with frozen ones' in sentence


BAD = {
    'there is no backbone': (['evaluate', 'nowhere.pth', '{digits}'], {}),
    'there is no folder or file': (['evaluate', '{backbone}', 'nowhere'], {}),
    'has only the class a': (['evaluate', '{backbone}', '{made}'], {'a': 3}),
    'the class b has 1 image, so': (['evaluate', '{backbone}', '{made}'], {'a': 3, 'b': 1}),
    'and no labels': (['compare', '{backbone}', '{made}'], {'': 3}),
    'is empty': (['compare', '{backbone}', '{made}'], {}),
    '--seeds must be above 0': (['compare', '{backbone}', '{digits}', '--seeds', '0'], {}),
    '--size must be 1 or more': (['evaluate', '{backbone}', '{digits}', '--size', '0'], {}),
    'must lie between 0 and 1': (['evaluate', '{backbone}', '{digits}', '--split', '1'], {}),
    'is no folder to write in': (
        ['evaluate', '{backbone}', '{digits}', '--records', '{backbone}/x'],
        {},
    ),
}


@pytest.mark.parametrize(('says', 'case'), BAD.items())
def test_bad_input_ends_in_one_line_and_writes_nothing(
    says, case, run_command, narrow_backbone, digits_folder, tmp_path
):
    arguments, classes = case
    made = tmp_path / 'made'
    made.mkdir()
    for name, count in classes.items():
        (made / name).mkdir(exist_ok=True)
        for i in range(count):
            Image.new('RGB', (32, 32)).save(made / name / f'{i}.png')
    before = sorted(narrow_backbone.parent.rglob('*'))
    places = dict(backbone=narrow_backbone, digits=digits_folder, made=made)
    status, _, err = run_command(*(word.format(**places) for word in arguments))
    assert status == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert sorted(narrow_backbone.parent.rglob('*')) == before


def test_an_image_that_cannot_be_read_is_named(run_command, narrow_backbone, tmp_path):
    for name in 'ab':
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.new('RGB', (32, 32)).save(tmp_path / name / f'{i}.png')
    (tmp_path / 'a' / '1.png').write_bytes(b'none')
    status, _, err = run_command('evaluate', narrow_backbone, tmp_path, *QUICK)
    assert status == 2
    assert '1.png cannot be read (no image)' in err


def test_weights_of_another_network_are_refused_before_the_table(
    run_command, narrow_backbone, digits_folder, tmp_path
):
    path = tmp_path / 'torchvision.pth'
    torch.save({'conv1.weight': torch.zeros(64, 3, 7, 7), 'layer1.x': torch.zeros(1)}, path)
    status, _, err = run_command(
        'evaluate', narrow_backbone, digits_folder, *QUICK, '--supervised', path
    )
    assert status == 2
    assert 'torchvision.pth does not fit' in err


@pytest.mark.parametrize(
    ('seconds', 'epochs'),
    [
        (105, 50),  # 5 for the start and the test, 2 for each epoch
        (10, 1),  # no time to try more than one, which takes 7
        (1, 1),
    ],
)
def test_minutes_become_epochs_without_the_start_of_a_training(seconds, epochs, monkeypatch):
    clock = [0.0]

    def train(network, task, number, seed):
        clock[0] += 5 + 2 * number

    monkeypatch.setattr(finetuning, 'finetune', train)
    monkeypatch.setattr(finetuning.time, 'perf_counter', lambda: clock[0])
    assert finetuning.epochs_within(seconds, None, None)[0] == epochs
