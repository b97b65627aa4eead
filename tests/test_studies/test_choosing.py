"""Correlations and regrets against scipy and cases by hand, and the page that is made of them."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from mmbarlow.studies.choosing.ranking import (
    choice_regret,
    interval,
    rank_correlations,
    sweep_regrets,
)
from mmbarlow.studies.choosing.rules import RULES, scores_of
from mmbarlow.studies.choosing.trainings import trainings


def line(run: str, epoch: int, knn: float, quality: float, dataset: str = 'digits') -> dict:
    """A checkpoint whose RankMe is `quality`, and whose loss falls as the quality rises."""
    values = dict(rankme=quality, lidar=100 - quality, alpha=1 + abs(80 - quality), dead=0)
    return dict(
        run=run, dataset=dataset, varies=run.split('-')[0], epoch=epoch, epochs=3, knn=knn,
        linear=knn + 1, lambd=0.0051, dimensions=16, invariance=16 - quality / 10, floor=0.0,
        off_energy=30.0, backbone_off_energy=20.0, backbone_dimensions=8, train_loss=100 - quality,
        **values, **{f'backbone_{name}': value for name, value in values.items()},
    )  # fmt: skip


def test_a_perfect_score_has_correlation_1_and_no_regret_and_a_reversed_one_minus_1():
    values = [60.0, 72.5, 71.0, 90.25]
    assert rank_correlations(values, values) == pytest.approx((1, 1))
    assert choice_regret(values, values) == 0
    reversed_ = [-v for v in values]
    assert rank_correlations(reversed_, values) == pytest.approx((-1, -1))
    assert choice_regret(reversed_, values) == 30.25


def test_ties_are_scipys_and_a_tied_choice_costs_the_mean():
    scores, values = [1.0, 2.0, 2.0, 3.0, 3.0], [50.0, 50.0, 60.0, 80.0, 70.0]
    rho, tau = rank_correlations(scores, values)
    assert rho == pytest.approx(stats.spearmanr(scores, values)[0])
    assert tau == pytest.approx(stats.kendalltau(scores, values)[0])
    assert choice_regret(scores, values) == 5  # (0 + 10) / 2


def test_scores_that_say_nothing_have_correlation_0_and_the_regret_of_chance():
    assert rank_correlations([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == (0, 0)
    assert choice_regret([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == 1
    assert all(math.isnan(r) for r in rank_correlations([1.0, 2.0], [3.0, 3.0]))


def test_what_could_not_be_measured_is_chosen_last():
    lines = [line('a', 1, 50, 30) | dict(alpha=None), line('a', 2, 60, 70)]
    assert scores_of(RULES['alpha'], lines) == [-math.inf, -10]


def test_sweeps_of_five_from_five_runs_are_all_of_them():
    scores, values = [3.0, 1.0, 2.0, 0.0, 4.0], [90.0, 95.0, 80.0, 70.0, 92.0]
    assert np.unique(sweep_regrets(scores, values)).tolist() == [3]


def test_the_interval_of_a_mean_is_that_of_scipys_bootstrap():
    sample = np.random.default_rng(1).normal(size=40)
    ours = interval(40, lambda i: float(sample[i].mean()), resamples=4000)
    theirs = stats.bootstrap((sample,), np.mean, method='percentile', random_state=0)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.03)


def test_each_training_has_a_name_and_a_config_of_its_own():
    found = trainings()
    assert len(found) >= 30
    assert len({training.name for training in found}) == len(found)
    cfg = next(t for t in found if t.name == 'cifar10-width-64').cfg('folder', 'images')
    assert (cfg.model.neck.out_channels, cfg.model.head.in_channels) == (64, 64)
    assert cfg.train_dataloader.dataset.data_root == 'images'


def test_the_page_has_the_regrets_of_the_records(run_tool, tmp_path):
    folder = tmp_path / 'records'
    folder.mkdir()
    for number in range(7):
        lines = [line(f'recipe-{number}', e, 50 + 5 * e + number, 40 + 5 * e) for e in (1, 2, 3)]
        text = ''.join(json.dumps(x) + '\n' for x in lines)
        (folder / f'recipe-{number}.jsonl').write_text(text)
    status, out, _ = run_tool(
        'choose_checkpoint.py', 'page', '--records', folder, '--out', tmp_path
    )
    assert status == 0
    page = (tmp_path / 'choosing_results.md').read_text()
    rows = {x.split(' | ')[0].strip('| '): x for x in page.splitlines() if x.startswith('| ')}
    within = page[: page.index('between runs')]
    ours, reverse = (
        next(x for x in within.splitlines() if f'| {RULES[name].title} |' in x).split(' | ')
        for name in ('rankme', 'lidar')
    )
    assert ours[1:4] == ['1.00 (1.00 to 1.00)', '1.00', '0.00 (0.00 to 0.00), 0.00, 0.0']
    costs = '10.00 (10.00 to 10.00), 10.00, 10.0'
    assert reverse[1:4] == ['-1.00 (-1.00 to -1.00)', '-1.00', costs]
    assert rows['recipe-6'].split(' | ')[3] == '71.0 at 3'
    assert len((tmp_path / 'choosing.jsonl').read_text().splitlines()) == 21
    assert (tmp_path / 'choosing_digits.png').is_file()


@pytest.mark.parametrize('text', ['', 'no json\n', '{"run": "a"}\n', '[1]\n'])
def test_records_that_are_none_are_told_in_a_sentence(text, run_tool, tmp_path):
    (tmp_path / 'a.jsonl').write_text(text)
    status, _, err = run_tool('choose_checkpoint.py', 'page', '--records', tmp_path)
    assert status == 2
    assert 'record' in err
    assert len(err.splitlines()) == 1


def test_a_run_that_is_not_in_the_study_is_named(run_tool):
    status, _, err = run_tool('choose_checkpoint.py', 'run', '--only', 'nothing')
    assert status == 2
    assert 'no run nothing' in err
