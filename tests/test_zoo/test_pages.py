import re
from pathlib import Path

import pytest

from mmbarlow.zoo import references
from mmbarlow.zoo.pages import NOTES_PAGE, PAGE, write_pages
from mmbarlow.zoo.records import Record

ROOT = Path(__file__).parents[2]
CONFIGS = {path.stem for path in (ROOT / 'configs').rglob('*.py')}


def write_page(records: list[Record]) -> str:
    return write_pages(records)[PAGE]


def cite(number: int) -> str:
    return f'[note {number}]({NOTES_PAGE}#note-{number})'


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
    source = "paper, Tab. 3: PIRL's settings; head, layer and crop not said"
    assert ['Barlow Twins', paper, '54.1', '86.2', '46.5', '–', source] in transfer
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
    assert any(
        row[3:] == ['–', '–', '92.10', '–', 'solo-learn, README: online probe'] for row in cifar
    )


def test_numbers_of_mix_bts_own_probe_stand_in_its_column_alone():
    for title, numbers in {
        'CIFAR-10': ('90.52', '92.58'),
        'CIFAR-100': ('61.25', '69.31'),
        'STL-10': ('88.94', '91.02'),
        'Tiny ImageNet': ('38.11', '51.67'),
    }.items():
        rows = [r for r in rows_of(write_page([]), title) if numbers[1] in r]
        (cells,) = rows
        assert cells[-2:] == [numbers[1], 'mix-bt, README: kNN with T = 0.5, its own linear.py']
        assert cells[2] == numbers[0]
        assert cells[-3] == '–'  # the column of SGD


def test_a_record_whose_recipe_changed_since_says_so_in_its_row_and_note(make_record):
    common = dict(dataset='cifar10', config='knn_cifar10', metrics=dict(top1_k200=47.0))
    why = 'crops are bilinear since.'
    page, notes = write_pages([make_record(**common, recipe_changed=why)]).values()
    rows = [r for r in rows_of(page, 'CIFAR-10') if r[2] == '47.0']
    assert [r[-1] for r in rows] == [f'this project, *recipe changed since*, {cite(1)}']
    assert 'Recipe of knn_cifar10 changed since: crops are bilinear since.' in notes
    page, notes = write_pages([make_record(**common)]).values()
    assert 'this project, *recipe changed since*' not in page
    assert 'changed since:' not in notes


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
    assert rows == [['**Barlow Twins**', *expected, f'this project, 3 seeds, {cite(1)}']]


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
    assert row[-1] == f'this project, 5 runs, {cite(1)}'
    (row,) = [r for r in rows_of(page, 'Detection with other settings') if 'digits' in r[1]]
    assert row[2] == '50.0 / 80.0 / 55.0'


def test_a_row_of_a_single_seed_shows_no_deviation_not_even_over_its_draws(make_record):
    few = dict(config='fewlabel-knn_digits', task='fewlabel_knn')
    low = dict(config='lowshot_voc07', task='lowshot', dataset='voc07')
    first = [
        make_record(**few, metrics=dict(top1_mean=88.0, top1_std=1.5)),
        make_record(**low, metrics=dict(mAP_k1=30.0, mAP_std_k1=2.0)),
        make_record(metrics=dict(top1_k10=97.0)),
    ]
    second = make_record(**few, seed=1, metrics=dict(top1_mean=90.0, top1_std=2.5))
    page = write_page(first)
    assert rows_of(page, 'Digits')[-1][2:4] == ['88.0', '97.0']
    assert rows_of(page, 'VOC07, low-shot')[-1][2] == '30.0'
    assert '±' not in page.split('## Summary')[1]
    row = rows_of(write_page([*first, second]), 'Digits')[-1]
    assert row[2:4] == ['89.0 ± 1.4 / 2.0 ± 0.7', '97.0']


def test_the_committed_pages_show_no_deviation_in_a_row_of_a_single_seed():
    rows = [line for line in (ROOT / PAGE).read_text().splitlines() if '[note ' in line]
    single = [row for row in rows if not re.search(r'\d (seeds|runs)\b', row)]
    assert len(single) > 20
    assert not [row for row in single if '±' in row]
    assert len([row for row in rows if '±' in row]) > 5


def test_the_note_says_how_a_row_came_about_and_how_to_make_it_again(make_record):
    pretraining = make_record(
        task='pretrain',
        config='pretrain_digits',
        metrics=dict(loss=9.5),
        command='python tools/train.py configs/barlowtwins/pretrain_digits.py',
        date='2026-11-19',
    )
    page, notes = write_pages([make_record(), pretraining]).values()
    assert own_row(page, 'Digits', 'Barlow Twins')[-1] == 'not run here'
    assert rows_of(page, 'Digits')[-1][-1] == f'this project, {cite(1)}'
    note = notes.split('## Digits\n')[1].split('<a id="note-1"></a>[1] ')[1].split('\n- ')[0]
    for fact in [
        'Barlow Twins, `pretrain_digits`',
        'Scale: full',
        'seed 0',
        '2026-11-19, 2026-11-20',
        'Some CPU, 2 cores',
        'commit `aaaaaaaaaaaa`',
        '`python tools/train.py configs/barlowtwins/pretrain_digits.py`',
        '`python tools/benchmark.py work_dirs/x.pth --suite knn_digits`',
        '(../mmbarlow/zoo/records/barlowtwins--pretrain_digits--knn_digits--seed0.json)',
    ]:
        assert fact in note, fact


def test_a_reduced_run_does_not_pass_for_the_full_one_nor_enter_its_mean(make_record):
    ours = next(s for s in references.sections() if s['title'] == 'CIFAR-10')['ours']
    config = next(o['pretrain_config'] for o in ours if 'pretrain_config' in o)
    common = dict(dataset='cifar10', config='knn_cifar10', pretrain_config=config)
    reduced = make_record(**common, seed=1, metrics=dict(top1_k200=60.0), scale='3 of 200 epochs.')
    page, notes = write_pages([reduced]).values()
    own = [row for row in rows_of(page, 'CIFAR-10') if row[1] == f'`{config}`']
    assert [row[-1] for row in own] == ['not run here', f'this project, *reduced*, {cite(1)}']
    assert 'Scale: 3 of 200 epochs;' in notes

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
    assert own_row(page, 'Digits', 'Raw pixels')[1:3] == ['–', '85.6']
    untrained = own_row(page, 'Digits', 'Untrained network')
    assert untrained[1:3] == ['none; network of `net`', '76.0']


def test_the_pages_are_the_same_for_records_in_any_order(make_record):
    found = [make_record(seed=seed) for seed in range(3)] + [make_record(model='pixels')]
    assert write_pages(found) == write_pages(found[::-1])


def test_a_pretraining_is_listed_with_a_short_curve(make_record):
    curve = [dict(epoch=epoch, loss=100.0 / epoch) for epoch in range(1, 201)]
    pages = write_pages(
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
    rows = rows_of(pages[NOTES_PAGE], 'Pretraining runs')
    assert rows[0] == ['`pretrain_digits`', 'loss 0.5, epochs 200', '1.5', '[note 1](#note-1)']
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
    page = '\n'.join(write_pages([make_record(), make_record(model='pixels')]).values())
    for block in re.findall(r'(?:^\|.*\n)+', page, flags=re.MULTILINE):
        widths = {line.count('|') for line in block.splitlines()}
        assert len(widths) == 1, block


def test_imagenet_comes_first_and_digits_last():
    titles = re.findall(r'^## (.*)$', write_page([]), flags=re.MULTILINE)
    assert titles[:2] == ['Summary', 'ImageNet, linear classification']
    assert titles[-2:] == ['Digits', 'Sources']


def test_the_first_page_can_be_read_at_a_glance_and_every_link_has_its_target():
    texts = {name: (ROOT / name).read_text() for name in (PAGE, NOTES_PAGE)}
    assert len(texts[PAGE].encode()) < 40_000
    headings = re.findall(r'^#+ (.*)$', '\n'.join(texts.values()), flags=re.MULTILINE)
    anchors = {re.sub(r'[^\w -]', '', text.lower()).replace(' ', '-') for text in headings}
    anchors |= set(re.findall(r'<a id="([\w-]+)">', texts[NOTES_PAGE]))
    for name, text in texts.items():
        for link in re.findall(r'\]\((?!http)([^)]*)\)', text):
            path, _, anchor = link.partition('#')
            assert (ROOT / name).parent.joinpath(path).exists(), link
            assert not anchor or anchor in anchors, link
