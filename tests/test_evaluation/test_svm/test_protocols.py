"""The SVMs of VOC07 on generated features."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.svm import cross_validated_svm, linear_svm, lowshot
from mmbarlow.evaluation.svm.average_precision import average_precision
from mmbarlow.evaluation.svm.cross_validated_svm import SVM
from mmbarlow.evaluation.svm.lowshot import LowShotSVM
from mmbarlow.evaluation.svm.tasks import run_tasks
from mmbarlow.registry import METRICS

COSTS = (0.1, 1, 10)
CLASSES = 3


def marked(n: int, seed: int, undecided: float = 0.1) -> Features:
    """Noisy directions for three classes; a tenth of the labels are undecided."""
    directions = torch.randn(CLASSES, 12, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n, 12, generator=generator)
    score = features @ directions.T + 2 * torch.randn(n, CLASSES, generator=generator)
    labels = (score > 3).long()
    labels[torch.rand(n, CLASSES, generator=generator) < undecided] = -1
    return Features(features, labels)


@pytest.fixture(scope='module')
def splits() -> tuple[Features, Features]:
    return marked(150, seed=1), marked(120, seed=2)


@pytest.fixture
def svm(tmp_path) -> SVM:
    return SVM(COSTS, jobs=1, cache_dir=str(tmp_path))


def plain_loop(train: Features, test: Features) -> list[float]:
    """The protocol with nothing of this project but the rule of average precision."""
    x, x_test = (
        (f := split.features.double().numpy()) / (np.sqrt((f**2).sum(1)) + 1e-5)[:, None]
        for split in (train, test)
    )

    def machine(cost):
        return LinearSVC(C=cost, class_weight={1: 2, -1: 1}, max_iter=2000, random_state=0)

    aps = []
    for c in range(CLASSES):
        y, truth = np.where(train.labels[:, c] == 1, 1, -1), test.labels[:, c].numpy()
        means = []
        for cost in COSTS:
            folds = StratifiedKFold(3).split(x, y)
            means.append(
                np.mean([
                    average_precision_score(
                        y[b] == 1, machine(cost).fit(x[a], y[a]).decision_function(x[b])
                    )
                    for a, b in folds
                ])
            )  # fmt: skip
        scores = machine(COSTS[int(np.argmax(means))]).fit(x, y).decision_function(x_test)
        aps.append(average_precision(scores[truth != -1], truth[truth != -1] == 1))
    return aps


def test_the_map_is_that_of_a_plain_loop(splits, svm):
    aps = plain_loop(*splits)
    assert 30 < 100 * np.mean(aps) < 90
    assert svm.average_precisions(*splits, range(CLASSES)) == pytest.approx(aps, abs=1e-12)
    assert svm(*splits) == pytest.approx(dict(mAP=100 * np.mean(aps)))


def test_processes_change_nothing(splits, svm, tmp_path):
    built = METRICS.build(
        dict(type='mmbarlow.SVM', costs=COSTS, jobs=2, cache_dir=str(tmp_path / 'b'))
    )
    assert built(*splits) == svm(*splits)


def test_what_the_processes_import_starts_without_torch(splits, svm, tmp_path, monkeypatch):
    functions = []

    def watched(function, *rest):
        functions.append(function)
        return run_tasks(function, *rest)

    for module in (cross_validated_svm, lowshot):
        monkeypatch.setattr(module, 'run_tasks', watched)
    svm(*splits)
    LowShotSVM([1], 1, [1], jobs=1, cache_dir=str(tmp_path))(*splits)
    assert [f.__name__ for f in functions] == ['cross_validated_ap', 'ap_on_test', 'aps_on_test']
    assert {f.__module__ for f in functions} == {linear_svm.__name__}

    heavy = {'torch', 'mmengine.runner', 'mmpretrain', 'mmbarlow.registry'}
    code = f'import sys, {linear_svm.__name__}; print(*{heavy} & sys.modules.keys())'
    command = [sys.executable, '-c', code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == '\n'


def test_the_eleven_point_rule_is_an_option(splits, svm, tmp_path):
    other = SVM(COSTS, ap='11points', jobs=1, cache_dir=str(tmp_path))(*splits)['mAP']
    assert other != svm(*splits)['mAP']
    assert other == pytest.approx(svm(*splits)['mAP'], abs=8)


def test_undecided_labels_are_negative_in_training_and_do_not_count_at_the_test(splits, svm):
    train, test = splits
    result = svm(train, test)
    as_negative = Features(train.features, train.labels.clamp_min(0))
    assert svm(as_negative, test) == result
    for c in range(CLASSES):  # wherever an undecided image ends up in the ranking
        moved = test.features.clone()
        moved[test.labels[:, c] == -1] *= -5
        ap = svm.average_precisions(train, Features(moved, test.labels), [c])
        assert ap == svm.average_precisions(train, test, [c])
    as_wrong = Features(test.features, test.labels.clamp_min(0))
    assert svm(train, as_wrong) != result


def test_finished_results_are_found_again_and_stale_ones_are_not(splits, svm, tmp_path):
    result = svm(*splits)
    files = list(tmp_path.rglob('*.json'))
    assert len(files) == CLASSES * (len(COSTS) + 1)
    for file in (f for f in files if f.parent.name == 'test'):
        file.write_text('0.25')
    assert svm(*splits)['mAP'] == 25  # read, not computed
    train, test = splits
    features = train.features.clone()
    features[0, 0] += 1e-3
    assert svm(Features(features, train.labels), test)['mAP'] != 25
    labels = train.labels.clone()
    labels[0] = 1 - labels[0].clamp_min(0)
    assert svm(Features(train.features, labels), test)['mAP'] != 25
    assert SVM(COSTS, folds=4, jobs=1, cache_dir=str(tmp_path))(*splits)['mAP'] != 25
    next(f for f in files if f.parent.name == 'test').unlink()
    assert 25 < svm(*splits)['mAP'] != pytest.approx(result['mAP'])


def test_an_interruption_loses_only_what_was_not_finished(tmp_path):
    done = []

    def square(x: int) -> int:
        if x == 3:
            raise KeyboardInterrupt
        done.append(x)
        return x * x

    todo = {str(x): (x,) for x in (1, 2, 3)}
    with pytest.raises(KeyboardInterrupt):
        run_tasks(square, todo, tmp_path, 1, 'squares')
    assert sorted(json.loads(f.read_text()) for f in tmp_path.iterdir()) == [1, 4]
    todo['3'] = (5,)
    assert run_tasks(square, todo, tmp_path, 1, 'squares') == {'1': 1, '2': 4, '3': 25}
    assert done == [1, 2, 5]


def test_low_shot_sees_k_positives_and_two_k_negatives_whatever_the_features(splits):
    labels = splits[0].labels[:, 1].numpy()
    drawn = LowShotSVM(k=[4])._draw(labels, 4, CLASSES, 0, 1)
    assert (labels[drawn] == 1).sum() == 4
    assert (labels[drawn] == 0).sum() == 8
    assert len(np.unique(drawn)) == 12
    again = LowShotSVM(k=[4])._draw(labels, 4, CLASSES, 0, 1)
    assert drawn.tolist() == again.tolist()
    others = (
        LowShotSVM(k=[4])._draw(labels, 4, CLASSES, 1, 1),
        LowShotSVM(seed=1)._draw(labels, 4, CLASSES, 0, 1),
    )
    assert all(drawn.tolist() != other.tolist() for other in others)


def test_low_shot_reports_the_best_cost_of_each_k_over_the_samples(splits, tmp_path):
    protocol = LowShotSVM(k=(1, 8), samples=3, costs=COSTS, jobs=1, cache_dir=str(tmp_path))
    result = protocol(*splits)
    assert list(result) == ['mAP_k1', 'mAP_std_k1', 'mAP_k8', 'mAP_std_k8']
    assert result['mAP_k1'] < result['mAP_k8'] < 90
    one_cost = [
        LowShotSVM((1, 8), 3, [cost], jobs=1, cache_dir=str(tmp_path))(*splits) for cost in COSTS
    ]
    for k in (1, 8):
        best = max(one_cost, key=lambda r: r[f'mAP_k{k}'])  # noqa: B023
        assert best[f'mAP_k{k}'] == pytest.approx(result[f'mAP_k{k}'])
        assert best[f'mAP_std_k{k}'] == pytest.approx(result[f'mAP_std_k{k}'])
    assert protocol(*splits) == result


def without(split: Features, c: int, keep: int, value: int = 1) -> Features:
    labels = split.labels.clone()
    where = (labels[:, c] == value).nonzero()[keep:, 0]
    labels[where, c] = 1 - value
    return Features(split.features, labels)


def test_a_class_without_positive_images_is_named_with_the_cure(splits, svm):
    train, test = splits
    low = LowShotSVM(k=(1, 16))
    cases = [
        (svm, without(train, 1, 2), test, r'class 1 .* 2 positive train .* 3 folds .*lower folds'),
        (svm, train, without(test, 2, 0), r'class 2 .* 0 positive test .*metainfo\.classes'),
        (svm, without(train, 0, 0, value=0), test, 'class 0 .* no negative train'),
        (low, without(train, 2, 9), test, r'class 2 .* 9 positive train .* k = 16 .*lower k'),
    ]
    for protocol, a, b, message in cases:
        with pytest.raises(ValueError, match=message):
            protocol(a, b)


@pytest.mark.parametrize(
    ('labels', 'message'),
    [
        (torch.zeros(150).long(), '1, 0 or -1'),
        (torch.full((150, CLASSES), 2), '1, 0 or -1'),
        (torch.rand(150, CLASSES), '1, 0 or -1'),
        (torch.ones(150, 2).long(), r'\(dimensions, classes\) \(12, 2\) and \(12, 3\)'),
    ],
)
def test_labels_that_are_no_marks_are_refused(splits, svm, labels, message):
    train, test = splits
    with pytest.raises(ValueError, match=message):
        svm(Features(train.features, labels), test)


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: SVM(costs=[]), 'costs must be'),
        (lambda: SVM(costs=[0]), 'costs must be'),
        (lambda: SVM(folds=1), '2 folds or more'),
        (lambda: SVM(ap='12points'), "not '12points'"),
        (lambda: LowShotSVM(k=[0]), 'at least 1'),
        (lambda: LowShotSVM(samples=0), 'at least 1'),
    ],
)
def test_settings_that_make_no_sense_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
