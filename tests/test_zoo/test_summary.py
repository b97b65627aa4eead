"""The summary, against records made up for it and against the published tables."""

import pytest

from mmbarlow.zoo import references
from mmbarlow.zoo.pages import PAGE, write_pages

CONFIG = 'barlowtwins_resnet50_8xb256-coslr-1000e_in1k'
IMAGENET = dict(config='linear_imagenet', task='linear', dataset='imagenet')
SWAV = ['75.3', 'SwAV, ResNet-50 (paper, Tab. 1)']


@pytest.fixture
def summary(make_record):
    """The row of a name, from results on ImageNet: (model, seed, Top-1, scale)."""

    def row(name: str, *results: tuple[str, int, float, str]) -> list[str]:
        found = [
            make_record(
                **(IMAGENET | dict(model=model, seed=seed, scale=scale, metrics=dict(top1=top1))),
                pretrain_config=CONFIG,
            )
            for model, seed, top1, scale in results
        ]
        lines = write_pages(found)[PAGE].split('\n## Summary\n')[1].split('\n## ')[0].splitlines()
        (line,) = [line for line in lines if line.startswith(f'| [{name}](#')]
        return [cell.strip() for cell in line.strip('|').split(' | ')][1:]

    return row


def note(number: int) -> str:
    return f'[note {number}](docs/model_zoo_records.md#note-{number})'


def test_the_best_published_stands_beside_what_was_not_run_here(summary):
    assert summary('ImageNet, linear') == ['not run here', '–', *SWAV]
    best = ['55.09', 'Barlow Twins, ResNet-50 (official, issue 14)']
    assert summary('ImageNet, 1 % of the labels')[2:] == best
    assert summary('COCO boxes, AP')[2:] == ['39.3', 'MoCo v2, ResNet-50 (paper, Tab. 4)']
    assert summary('Digits, 5 labels a class') == ['not run here', '–', '–', '–']


def test_the_best_here_is_the_highest_mean_and_says_of_how_many_seeds(summary):
    seeds = [('barlowtwins', 0, 72.0, 'full'), ('barlowtwins', 1, 73.0, 'full')]
    own = f'Barlow Twins, `{CONFIG}`, 2 seeds, {note(1)}'
    one = [('byol', 0, 72.2, 'full')]
    assert summary('ImageNet, linear', *seeds, *one) == ['72.5 ± 0.7', own, *SWAV]
    better = [('byol', 0, 72.8, 'full')]
    wanted = f'BYOL, `{CONFIG}`, 1 seed, {note(2)}'
    assert summary('ImageNet, linear', *seeds, *better) == ['72.8', wanted, *SWAV]


def test_a_reduced_result_is_the_best_only_where_no_full_one_is_and_says_so(summary):
    reduced = ('barlowtwins', 0, 99.0, 'A tenth of the images')
    wanted = f'Barlow Twins, `{CONFIG}`, 1 seed, *reduced*, {note(1)}'
    assert summary('ImageNet, linear', reduced)[:2] == ['99.0', wanted]
    full = ('byol', 0, 50.0, 'full')
    assert summary('ImageNet, linear', reduced, full)[0] == '50.0'


def test_baselines_are_not_the_best(summary):
    labeled = ('supervised', 0, 90.0, 'full')
    assert summary('ImageNet, linear', labeled)[:2] == ['not run here', '–']
    own = ('barlowtwins', 0, 60.0, 'full')
    assert summary('ImageNet, linear', labeled, own)[0] == '60.0'


def test_the_summary_fits_one_screen_and_each_name_is_one_column():
    names = [c['summary'] for s in references.sections() for c in s['columns'] if 'summary' in c]
    assert len(names) == len(set(names)) <= 23
    assert names[0].startswith('ImageNet')
    assert names[-1].startswith('Digits')
