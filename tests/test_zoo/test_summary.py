"""The summary, against records made up for it and against the published tables."""

import pytest

from mmbarlow.zoo import references
from mmbarlow.zoo.pages import PAGE, write_pages

CONFIG = 'barlowtwins_resnet50_8xb256-coslr-1000e_in1k'
IMAGENET = dict(config='linear_imagenet', task='linear', dataset='imagenet')
SWAV = '75.3 SwAV, paper'


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
    assert summary('ImageNet, linear') == ['not run here', SWAV]
    assert summary('ImageNet, 1 %') == ['not run here', '55.09 Barlow Twins, official']
    assert summary('COCO boxes') == ['not run here', '39.3 MoCo v2, paper']
    assert summary('Digits, 5 labels') == ['not run here', '–']


def test_the_best_here_is_the_highest_mean_and_says_of_how_many_seeds(summary):
    seeds = [('barlowtwins', 0, 72.0, 'full'), ('barlowtwins', 1, 73.0, 'full')]
    wanted = f'72.5 ± 0.7 Barlow Twins, `{CONFIG}`, 2 seeds, {note(1)}'
    assert summary('ImageNet, linear', *seeds, ('byol', 0, 72.2, 'full')) == [wanted, SWAV]
    wanted = f'72.8 BYOL, `{CONFIG}`, 1 seed, {note(2)}'
    assert summary('ImageNet, linear', *seeds, ('byol', 0, 72.8, 'full')) == [wanted, SWAV]


def test_a_reduced_result_is_the_best_only_where_no_full_one_is_and_says_so(summary):
    reduced = ('barlowtwins', 0, 99.0, 'A tenth of the images')
    wanted = f'99.0 Barlow Twins, `{CONFIG}`, 1 seed, *reduced*, {note(1)}'
    assert summary('ImageNet, linear', reduced) == [wanted, SWAV]
    assert summary('ImageNet, linear', reduced, ('byol', 0, 50.0, 'full'))[0][:9] == '50.0 BYOL'


def test_baselines_are_not_the_best(summary):
    labeled = ('supervised', 0, 90.0, 'full')
    assert summary('ImageNet, linear', labeled) == ['not run here', SWAV]  # not the paper's 76.5
    own = ('barlowtwins', 0, 60.0, 'full')
    assert summary('ImageNet, linear', labeled, own)[0].startswith('60.0 Barlow Twins')


def test_the_summary_fits_one_screen_from_imagenet_to_digits():
    names = [c['summary'] for s in references.sections() for c in s['columns'] if 'summary' in c]
    assert len(names) == len(set(names)) <= 20
    assert names[0].startswith('ImageNet')
    assert names[-1].startswith('Digits')
