"""The published numbers against the tables they are from."""

from collections import Counter

import pytest

from mmbarlow.zoo import references
from mmbarlow.zoo.pages import PAGE, write_pages

BT = 'Barlow Twins'
# One row a line of the reference table: method, task, data set, epochs, metrics.
PUBLISHED = [
    (BT, 'linear', 'imagenet', 1000, dict(top1='73.2', top5='91.0')),
    (BT, 'linear', 'imagenet', 1000, dict(top1='73.5', top5='91.0')),
    (BT, 'linear', 'imagenet', 300, dict(top1='71.4', top5='90.2')),
    (BT, 'linear', 'imagenet', 300, dict(top1='71.66')),
    (BT, 'linear', 'imagenet', 300, dict(top1='71.8')),
    (BT, 'linear', 'imagenet', 300, dict(top1='70.75')),
    (BT, 'linear', 'imagenet', 1000, dict(top1='71.8')),
    (BT, 'linear', 'imagenet', 100, dict(top1='67.23', top5='87.98')),
    (BT, 'linear', 'imagenet', 100, dict(top1='67.18', top5='87.69')),
    (BT, 'linear', 'imagenet', 100, dict(top1='62.9', top5='84.3')),
    (BT, 'finetune', 'imagenet', 100, dict(top1='72.6', top5='90.9')),
    (BT, 'knn', 'imagenet', 100, dict(top1_k200='45.6', top5_k200='73.9')),
    (
        *(BT, 'multihead', 'imagenet', 300),
        dict(feature1='15.51', feature2='33.98', feature3='45.96', feature4='61.90')
        | dict(feature5='71.01', avgpool='71.66'),
    ),
    (
        *(BT, 'knn', 'imagenet', 300),
        dict(top1_k10='63.6', top1_k20='63.8', top1_k100='62.7', top1_k200='61.9'),
    ),
    (BT, 'semi', 'imagenet-1percent', 1000, dict(top1='55.0', top5='79.2')),
    (BT, 'semi', 'imagenet-10percent', 1000, dict(top1='69.7', top5='89.3')),
    (BT, 'semi', 'imagenet-10percent', 1000, dict(top1='68.89', top5='88.97')),
    (BT, 'linear', 'places205', 1000, dict(top1='54.1')),
    (BT, 'svm', 'voc07', 1000, dict(mAP='86.2')),
    (BT, 'svm', 'voc07', 1000, dict(mAP='86.83')),
    (BT, 'linear', 'inat18', 1000, dict(top1='46.5')),
    (BT, 'voc_detection', 'voc0712', 1000, dict(AP='56.8', AP50='82.6', AP75='63.4')),
    (
        *(BT, 'coco_detection', 'coco', 1000),
        dict(AP='39.2', AP50='59.0', AP75='42.5')
        | dict(mask_AP='34.3', mask_AP50='56.0', mask_AP75='36.5'),
    ),
    (f'Mixed {BT}', 'linear', 'imagenet', 300, dict(top1='72.2')),
    (f'Mixed {BT}', 'linear', 'imagenet', 1000, dict(top1='74.06', top5='91.47')),
    (BT, 'linear', 'cifar10', 1000, dict(top1='92.10', top5='99.73')),
    (BT, 'linear', 'cifar10', 1000, dict(top1='91.56')),
    (BT, 'linear', 'cifar100', 1000, dict(top1='70.90', top5='91.91')),
    (BT, 'knn', 'imagenette', 200, dict(top1_k20='81.2')),
    (BT, 'linear', 'imagenette', 200, dict(top1='83.0')),
]


@pytest.mark.parametrize('row', PUBLISHED, ids=lambda row: '-'.join(map(str, row[:4])))
def test_the_numbers_of_barlow_twins_are_there_as_published(row):
    found = [
        (r['method'], r['task'], r['dataset'], r['epochs'])
        + ({name: str(value) for name, value in r['metrics'].items()},)
        for r in references.results()
        if 'table' not in r
    ]
    assert row in found


def test_the_ablations_are_the_papers_and_stay_out_of_table_1():
    page = write_pages([])[PAGE]
    section = page.split('## ImageNet, linear classification\n')[1].split('\n## ')[0]
    assert 'Cross-entropy' not in section
    assert 'Predictor' not in section
    counts = Counter(r['table'] for r in references.results() if 'table' in r)
    assert counts == dict(loss=7, asymmetry=4, batch=6)
    paper = 'ResNet-50, 300 epochs, batch 2048'
    assert f'| Cross-entropy with temperature | {paper} | 63.3 | 85.7 | paper, Tab. 5 |' in page
    assert f'| Stop-gradient and predictor | {paper} | 61.3 | 83.5 | paper, Tab. 6 |' in page
    assert '| Barlow Twins | ResNet-50, 300 epochs, batch 1024 | 71.7 | official, issue 7' in page


def test_an_ablation_that_was_run_stands_in_its_own_section_alone(make_record):
    config = 'barlowtwins-no-bn_resnet50_8xb256-coslr-300e_in1k'
    common = dict(pretrain_config=config, dataset='imagenet')
    pages = write_pages(
        [
            make_record(**common, config='linear_imagenet', task='linear', metrics=dict(top1=70.9)),
            make_record(**common, config='knn_imagenet', metrics=dict(top1_k10=62.3)),
        ]
    )
    shown = [s.split('\n')[0] for s in pages[PAGE].split('\n## ') if f'`{config}` | 70.9' in s]
    assert shown == ['Ablations of the loss']
    shown = [s.split('\n')[0] for s in pages[PAGE].split('\n## ') if f'`{config}` | 62.3' in s]
    assert shown == ['ImageNet, kNN']


def test_segmentation_has_the_published_rows_in_the_column_of_their_protocol():
    rows = {
        (r['method'], r['config'], r['epochs']): str(r['metrics']['mIoU'])
        for r in references.results()
        if r['task'].endswith('_segmentation') and 'note' not in r
    }
    fcn = dict.fromkeys(['SimCLR', 'MoCo v2', 'BYOL', 'SwAV', 'NPID', 'DenseCL', 'SimSiam'], 200)
    wanted = ['64.03', '67.55', '67.16', '63.73', '65.45', '69.47', '46.27']
    assert [rows[method, 'fcn_voc12aug', epochs] for method, epochs in fcn.items()] == wanted
    section = write_pages([])[PAGE].split('## Transfer to semantic segmentation\n')[1]
    supervised = '| Supervised | ResNetV1c-50 | 67.08 | – | 76.78 | – | 71.47 | 78.26 | – |'
    assert supervised in section
