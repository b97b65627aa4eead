import re
from pathlib import Path

import pytest

from mmbarlow.zoo import references
from mmbarlow.zoo.table import write_page

CONFIGS = {path.stem for path in (Path(__file__).parents[2] / 'configs').rglob('*.py')}


def rows_of(page: str, title: str) -> list[list[str]]:
    """The cells of the table under a heading, without header and rule."""
    section = page.split(f'## {title}\n')[1].split('\n## ')[0]
    lines = [line for line in section.splitlines() if line.startswith('|')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[2:]]


def own_row(page: str, title: str, method: str) -> list[str]:
    return next(row for row in rows_of(page, title) if row[0] == f'**{method}**')


def test_published_numbers_stand_in_the_papers_tables_as_printed():
    page = write_page([])
    imagenet = rows_of(page, 'ImageNet, linear classification')
    paper = 'ResNet-50, 1000 epochs, batch 2048'
    assert ['Barlow Twins', paper, '73.2', '91.0', 'paper, Tab. 1'] in imagenet
    assert ['BYOL', 'ResNet-50', '74.3', '91.6', 'paper, Tab. 1'] in imagenet
    assert ['SwAV', 'ResNet-50', '75.3', '–', 'paper, Tab. 1'] in imagenet
    semi = rows_of(page, 'ImageNet, semi-supervised')
    cells = ['55.0 / 79.2', '–', '69.7 / 89.3', '–', '–']
    assert ['Barlow Twins', paper, *cells, 'paper, Tab. 2'] in semi
    assert ['PIRL', 'ResNet-50', '– / 57.2', '–', '– / 83.8', '–', '–', 'paper, Tab. 2'] in semi
    transfer = rows_of(page, 'Transfer to other classification data')
    assert ['Barlow Twins', paper, '54.1', '86.2', '46.5', 'paper, Tab. 3'] in transfer
    detection = rows_of(page, 'Transfer to detection and segmentation')
    # boxes on VOC07+12, boxes and masks on COCO: AP, AP50 and AP75 of each
    assert [row for row in detection if not row[0].startswith('**')] == [
        [method, pretraining, *cells.split(), 'paper, Tab. 4']
        for method, pretraining, cells in [
            ('Supervised', 'ResNet-50', '53.5 81.3 58.8 38.2 58.2 41.2 33.3 54.7 35.2'),
            ('MoCo v2', 'ResNet-50', '57.4 82.5 64.0 39.3 58.9 42.5 34.4 55.8 36.5'),
            ('SwAV', 'ResNet-50', '56.1 82.6 62.7 38.4 58.6 41.3 33.8 55.2 35.9'),
            ('SimSiam', 'ResNet-50', '57 82.4 63.7 39.2 59.3 42.1 34.4 56.0 36.7'),
            ('Barlow Twins', paper, '56.8 82.6 63.4 39.2 59.0 42.5 34.3 56.0 36.5'),
        ]
    ]
    cifar = rows_of(page, 'CIFAR-10')
    assert any(row[3:] == ['–', '–', '92.10', 'solo-learn, README: online probe'] for row in cifar)


def test_every_published_result_is_shown_and_cited():
    page = write_page([])
    cited = references.sources()
    columns = [c for s in references.sections() for c in s['columns']]
    for result in references.results():
        shown = {
            metric
            for column in columns
            if (column['task'], column['dataset']) == (result['task'], result['dataset'])
            for metric in column['metrics']
        }
        assert shown & set(result['metrics']), result
        assert result['source'] in cited
    for key in cited:
        assert f'| {key}, ' in page, f'no row is from {key}'
        assert f'- **{key}**: ' in page


def test_a_row_without_a_record_says_not_run_here():
    page = write_page([])
    for section in references.sections():
        own = [row for row in rows_of(page, section['title']) if row[0].startswith('**')]
        assert len(own) == len(section['ours']) > 0
        assert {row[-1] for row in own} == {'not run here'}


def test_the_configs_that_a_reader_could_run_exist():
    named = {
        ours['pretrain_config']
        for section in references.sections()
        for ours in section['ours']
        if 'pretrain_config' in ours
    }
    assert named <= CONFIGS


def test_seeds_become_mean_and_sample_deviation(make_record):
    values = [96.0, 97.0, 98.5]
    page = write_page([make_record(seed=i, metrics=dict(top1_k10=v)) for i, v in enumerate(values)])
    rows = [row for row in rows_of(page, 'Digits') if 'this project' in row[-1]]
    expected = ['`pretrain_digits`', 'not run here', '97.2 ± 1.3', *['not run here'] * 2]
    assert rows == [['**Barlow Twins**', *expected, 'this project, 3 seeds [1]']]


def test_five_trials_of_detection_become_mean_and_deviation(make_record):
    common = dict(config='faster-rcnn-c4_voc0712', task='voc_detection', dataset='voc0712')
    values = [56.4, 56.6, 56.8, 57.0, 57.2]
    trials = [
        make_record(**common, benchmark_seed=i, metrics=dict(AP=v, AP50=82.6, AP75=v + 6))
        for i, v in enumerate(values)
    ]
    other = dict(config='faster-rcnn-c4-moco_voc0712', metrics=dict(AP=50, AP50=80, AP75=55))
    page = write_page([*trials, make_record(**(common | other))])
    row = own_row(page, 'Transfer to detection and segmentation', 'Barlow Twins')
    assert row[1] == '`barlowtwins_resnet50_8xb256-coslr-1000e_in1k`'
    rows = rows_of(page, 'Transfer to detection and segmentation')
    (row,) = [row for row in rows if row[1] == '`pretrain_digits`']
    assert row[2:5] == ['56.8 ± 0.3', '82.6', '62.8 ± 0.3']
    assert row[-1] == 'this project, 5 runs [1]'
    (row,) = [r for r in rows_of(page, 'Detection with other settings') if 'digits' in r[1]]
    assert row[2] == '50.0 / 80.0 / 55.0'


def test_the_note_says_how_a_row_came_about_and_how_to_make_it_again(make_record):
    pretraining = make_record(
        task='pretrain',
        config='pretrain_digits',
        metrics=dict(loss=9.5),
        command='python tools/train.py configs/barlowtwins/pretrain_digits.py',
        date='2026-11-19',
    )
    page = write_page([make_record(), pretraining])
    note = page.split('## Digits\n')[1].split('\n- [1] ')[1].split('</details>')[0]
    for fact in [
        'Barlow Twins, `pretrain_digits`',
        'Scale: full',
        'seed 0',
        '2026-11-19, 2026-11-20',
        'Some CPU, 2 cores',
        'commit `aaaaaaaaaaaa`',
        '`python tools/train.py configs/barlowtwins/pretrain_digits.py`',
        '`python tools/benchmark.py work_dirs/x.pth --suite knn_digits`',
        '(mmbarlow/zoo/records/barlowtwins--pretrain_digits--knn_digits--seed0.json)',
    ]:
        assert fact in note, fact


def test_a_reduced_run_does_not_pass_for_the_full_one_nor_enter_its_mean(make_record):
    ours = next(s for s in references.sections() if s['title'] == 'CIFAR-10')['ours']
    config = next(o['pretrain_config'] for o in ours if 'pretrain_config' in o)
    common = dict(dataset='cifar10', config='knn_cifar10', pretrain_config=config)
    reduced = make_record(**common, seed=1, metrics=dict(top1_k200=60.0), scale='3 of 200 epochs.')
    page = write_page([reduced])
    own = [row for row in rows_of(page, 'CIFAR-10') if row[1] == f'`{config}`']
    assert [row[-1] for row in own] == ['not run here', 'this project, *reduced* [1]']
    assert 'Scale: 3 of 200 epochs;' in page

    full = make_record(**common, metrics=dict(top1_k200=84.0))
    own = [r for r in rows_of(write_page([reduced, full]), 'CIFAR-10') if r[1] == f'`{config}`']
    assert [row[2] for row in own] == ['84.0', '60.0']


def test_baselines_stand_beside_the_pretrained_network(make_record):
    few = dict(config='fewlabel-knn_digits', task='fewlabel_knn')
    page = write_page(
        [
            make_record(model='pixels', **few, metrics=dict(top1_mean=85.6, top1_std=2.9)),
            make_record(
                model='untrained', pretrain_config='net', **few, metrics=dict(top1_mean=76)
            ),
        ]
    )
    assert own_row(page, 'Digits', 'Raw pixels')[1:3] == ['–', '85.6 / 2.9']
    untrained = own_row(page, 'Digits', 'Untrained network')
    assert untrained[1:3] == ['none; network of `net`', '76.0 / –']


def test_the_page_is_the_same_for_records_in_any_order(make_record):
    found = [make_record(seed=seed) for seed in range(3)] + [make_record(model='pixels')]
    assert write_page(found) == write_page(found[::-1])


def test_a_pretraining_is_listed_with_a_short_curve(make_record):
    curve = [dict(epoch=epoch, loss=100.0 / epoch) for epoch in range(1, 201)]
    page = write_page(
        [
            make_record(
                task='pretrain',
                config='pretrain_digits',
                metrics=dict(loss=0.5, epochs=200),
                wall_time_s=90,
                curve=curve,
            )
        ]
    )
    rows = rows_of(page, 'Pretraining runs')
    assert rows[0] == ['`pretrain_digits`', 'loss 0.5, epochs 200', '1.5', 'this project [1]']
    epochs = [row[0] for row in rows[1:] if row[0].isdigit()]
    assert epochs[0] == '1'
    assert epochs[-1] == '200'
    assert len(epochs) == 8


def test_a_record_that_no_table_shows_is_an_error_and_not_lost(make_record):
    with pytest.raises(ValueError, match=r'seed0.json: no table shows knn on mnist'):
        write_page([make_record(dataset='mnist')])


def test_two_benchmarks_for_one_cell_are_an_error(make_record):
    both = [make_record(), make_record(config='knn-t1_digits')]
    with pytest.raises(ValueError, match='knn-t1_digits and knn_digits both give top1_k10'):
        write_page(both)


def test_tables_are_well_formed(make_record):
    page = write_page([make_record(), make_record(model='pixels')])
    for block in re.findall(r'(?:^\|.*\n)+', page, flags=re.MULTILINE):
        widths = {line.count('|') for line in block.splitlines()}
        assert len(widths) == 1, block
