"""Each fault of annotations is found before the training, and sane data passes."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.config import Config
from PIL import Image

from mmbarlow.detection import box_checks, coco_checks, voc_checks
from mmbarlow.detection.data_checks import check_data
from mmbarlow.errors import InputError

CLASSES = ('disc', 'square')


def annotation(number: int, image: int, category: int, bbox: list) -> dict:
    return dict(
        id=number,
        image_id=image,
        category_id=category,
        bbox=bbox,
        area=100,
        iscrowd=0,
        segmentation=[[0, 0, 5, 0, 5, 5]],
    )


def coco_content() -> dict:
    """Two images of 60 x 40 with three boxes, one of which exceeds its image by a pixel."""
    boxes = [(1, 7, [5, 5, 20, 10]), (1, 9, [0, 0, 61, 40]), (2, 9, [30.5, 10, 3, 4])]
    return dict(
        images=[dict(id=i, file_name=f'{i}.jpg', width=60, height=40) for i in (1, 2)],
        annotations=[annotation(i, *box) for i, box in enumerate(boxes)],
        categories=[dict(id=7, name='disc'), dict(id=9, name='square')],
    )


@pytest.fixture
def coco(tmp_path) -> Callable[[object], Config]:
    """Write annotations, and a config of their data."""
    for split in ('train', 'val'):
        (tmp_path / split).mkdir()
        for number in (1, 2):
            Image.new('RGB', (60, 40)).save(tmp_path / split / f'{number}.jpg')

    def data_set(split: str, **kwargs) -> dict:
        return dict(
            type='mmdet.CocoDataset',
            data_root=str(tmp_path),
            ann_file=f'{split}.json',
            data_prefix=dict(img=f'{split}/'),
            metainfo=dict(classes=CLASSES),
            pipeline=[dict(type='mmdet.LoadAnnotations', with_bbox=True, with_mask=True)],
            **kwargs,
        )

    def write(train: object, **kwargs) -> Config:
        text = train if isinstance(train, str) else json.dumps(train)
        (tmp_path / 'train.json').write_text(text)
        (tmp_path / 'val.json').write_text(json.dumps(coco_content()))
        kept = dict(filter_cfg=dict(filter_empty_gt=True), **kwargs)
        heads = {name: dict(num_classes=2) for name in ('bbox_head', 'mask_head')}
        return Config(
            dict(
                model=dict(roi_head=heads),
                train_dataloader=dict(dataset=data_set('train', **kept)),
                val_dataloader=dict(dataset=data_set('val', test_mode=True)),
            )
        )

    return write


def changed(part: str, number: int, **values) -> dict:
    """The sane annotations with other values in one entry."""
    content = coco_content()
    content[part][number].update(values)
    return content


def lacking(part: str, key: str) -> dict:
    content = coco_content()
    del content[part][1][key]
    return content


def test_sane_annotations_of_coco_pass(coco):
    check_data(coco(coco_content()))


@pytest.mark.parametrize(
    ('content', 'says'),
    [
        ('{"images": [', r'train.json is no JSON, or is cut off: Expecting value'),
        ('[]', "train.json has no 'images'"),
        ({k: v for k, v in coco_content().items() if k != 'annotations'}, "has no 'annotations'"),
        (lacking('annotations', 'bbox'), r"entry 1 \(from 0\) of 'annotations' .* lacks bbox\."),
        (lacking('annotations', 'segmentation'), r'lacks segmentation\.'),
        (lacking('images', 'width'), r"entry 1 \(from 0\) of 'images' .* lacks width\."),
        (
            changed('annotations', 0, bbox=[1, 2, 3]),
            r'annotation 0 .* the bbox \[1, 2, 3\]: it must',
        ),
        (changed('annotations', 0, bbox=['1', 2, 3, 4]), r"the bbox \['1', 2, 3, 4\]"),
        (
            changed('annotations', 2, bbox=[30, 10, 0, 4]),
            r'1 of 3 boxes .* have no width or no height \(annotation 2, x 30 to 30, y 10 to 14 '
            r'of 60 x 40\): correct or remove them',
        ),
        (changed('annotations', 2, bbox=[30, 10, 5, -4]), 'have no width or no height'),
        (changed('annotations', 2, bbox=[30, 10, float('nan'), 4]), 'have no width or no height'),
        (
            changed('annotations', 2, bbox=[50, 10, 30, 4]),
            r'1 of 3 boxes .* exceed their image \(annotation 2, x 50 to 80',
        ),
        (changed('annotations', 2, bbox=[-5, 10, 30, 4]), 'exceed their image'),
        (changed('annotations', 2, bbox=[5, 10, float('inf'), 4]), 'exceed their image'),
        (changed('annotations', 2, category_id=8), 'of the category 8, which is not among its'),
        (changed('annotations', 2, image_id=3), r'1 of 3 .* does not have \(annotation 2\)'),
        (changed('categories', 0, name='ring'), r'1 of 2 classes .* not among .* \(disc\): set'),
        (changed('images', 0, file_name='a.jpg'), r'1 of 2 images .* are not in .*train \(a.jpg\)'),
    ],
)
def test_each_fault_of_coco_annotations_is_named(content, says, coco):
    with pytest.raises(InputError, match=says):
        check_data(coco(content))


def test_classes_that_the_data_set_does_not_have_are_an_error_unless_chosen(coco):
    content = coco_content()
    content['categories'].append(dict(id=11, name='ring'))
    content['annotations'].append(annotation(3, 1, 11, [1, 1, 5, 5]))
    cfg = coco(content)
    check_data(cfg)  # the config names its classes: the others are left out on purpose
    del cfg.train_dataloader.dataset.metainfo
    with pytest.raises(InputError, match=r'80 of 80 classes .* \(person; bicycle; car; \.\.\.\)'):
        check_data(cfg)


def test_classes_in_another_order_would_be_taken_for_one_another(coco):
    cfg = coco(coco_content())
    cfg.train_dataloader.dataset.metainfo.classes = CLASSES[::-1]
    with pytest.raises(InputError, match='not in the order of .* has disc; square'):
        check_data(cfg)
    cfg.val_dataloader.dataset.metainfo.classes = CLASSES[::-1]
    check_data(cfg)  # that of the files is of no importance


def test_classes_of_training_and_of_testing_that_differ_are_named(coco):
    cfg = coco(coco_content())
    cfg.train_dataloader.dataset.metainfo.classes = ('square',)
    with pytest.raises(InputError, match='train_dataloader, square, are not those of val_dataload'):
        check_data(cfg)


@pytest.mark.parametrize(
    ('classes', 'says'),
    [
        ('disc', r"is the text 'disc': write \('disc',\)"),
        (['disc', 'disc'], 'has a name twice: disc'),
    ],
)
def test_classes_that_are_no_list_of_names_are_refused(classes, says, coco):
    cfg = coco(coco_content())
    cfg.train_dataloader.dataset.metainfo.classes = classes
    with pytest.raises(InputError, match=says):
        check_data(cfg)


def test_an_evaluator_of_another_file_is_refused(coco, tmp_path):
    cfg = coco(coco_content())
    evaluator = dict(type='mmbarlow.COCODetectionMetric', data_root=str(tmp_path))
    cfg.val_evaluator = dict(evaluator, ann_file='val.json')
    check_data(cfg)
    cfg.val_evaluator.ann_file = 'instances_val2017.json'
    with pytest.raises(InputError, match='/val.json, its evaluator .*/instances_val2017.json: set'):
        check_data(cfg)


def test_mmdets_own_data_set_is_read_by_ours(coco):
    cfg = coco(coco_content())
    check_data(cfg)
    assert cfg.train_dataloader.dataset.type == 'mmbarlow.MendedCocoDataset'


def test_several_kinds_of_faults_are_counted_with_their_first_examples(coco, tmp_path):
    content = changed('annotations', 0, bbox=[5, 5, 0, 10])
    content['annotations'][1].update(bbox=[0, 0, 300, 40], segmentation=[])
    content['images'][0]['width'] = 61
    (tmp_path / 'train' / '2.jpg').write_bytes(b'nothing')
    with pytest.raises(InputError) as error:
        check_data(coco(content))
    text = str(error.value)
    assert text.startswith('there are 5 kinds of faults in the data: (1) 1 of 3 boxes of ')
    for part in (
        'have no width or no height (annotation 0, x 5 to 5, y 5 to 15 of 61 x 40): correct',
        '(2) 1 of 3 boxes of ',
        'exceed their image (annotation 1, x 0 to 300, y 0 to 40 of 61 x 40): correct',
        '(3) 1 of 3 annotations of ',
        'no run-length code of the size of the image (annotation 1: []): add the masks',
        '(4) 1 of 2 images of ',
        'cannot be read (2.jpg: ',
        '(5) 1 of 2 images of ',
        'another size than their annotations say (1.jpg is 60 x 40, not 61 x 40): correct',
    ):
        assert part in text
    assert '\n' not in text


def scaled(change: Callable[[list], list]) -> dict:
    content = coco_content()
    for item in content['annotations']:
        item['bbox'] = change(item['bbox'])
    return content


@pytest.mark.parametrize(
    ('content', 'says'),
    [
        (
            scaled(lambda b: [b[0] / 61, b[1] / 40, b[2] / 61, b[3] / 40]),
            r'all 3 boxes of .* lie between 0 and 1 .*as if they were shares of the image: mult',
        ),
        (
            scaled(lambda b: [*b[:2], 0.5, 0.5]),
            '3 of 3 boxes of .* are less than 1 pixel wide or high, which mmdet drops',
        ),
        (
            scaled(lambda b: [b[0] + 20, b[1] + 12, 58, 39]),
            'all boxes would fit as x1, y1, x2, y2, while COCO has x, y, width, height',
        ),
        (changed('images', 1, id=1), r'images of .* share an id \(1\): give each its own'),
        (changed('categories', 1, id=7), r'categories of .* share an id \(7\)'),
        (changed('categories', 0, name='square'), r'1 of 2 classes .* not among .* \(disc\)'),
        (
            dict(
                coco_content(), categories=coco_content()['categories'] + [dict(id=1, name='disc')]
            ),
            'have disc twice: merge or rename them',
        ),
        (changed('images', 0, width=0), r'1 of 2 images .* no width and height .* \(1.jpg: 0 x 40'),
        (changed('images', 0, width=None), r'no width and height above 0 \(1.jpg: None x 40'),
        (
            changed('annotations', 1, segmentation=[]),
            r'1 of 3 .* have no mask.* \(annotation 1: \[\]',
        ),
        (
            changed('annotations', 1, segmentation=[[0, 0, 5, 5]]),
            r'no mask.* 1: \[\[0, 0, 5, 5\]\]',
        ),
        (changed('annotations', 1, segmentation=[[0, 0, 5, 5, 5]]), '1 of 3 .* have no mask'),
        (changed('annotations', 1, segmentation=[['a'] * 6]), '1 of 3 .* have no mask'),
        (changed('annotations', 1, segmentation=None), '1 of 3 .* have no mask'),
        (changed('annotations', 1, segmentation=dict(size=[40, 60], counts=[9])), 'have no mask'),
        (changed('annotations', 1, segmentation=dict(size=[60, 40], counts=[2400])), 'no mask'),
        (changed('annotations', 1, image_id=[1]), r'has the image_id \[1\]: it must be a number'),
        (
            scaled(lambda b: None),
            '3 of 3 annotations .* have no four numbers, such as annotation 0',
        ),
    ],
)
def test_each_further_fault_of_coco_annotations_is_counted(content, says, coco):
    with pytest.raises(InputError, match=says):
        check_data(coco(content))


@pytest.mark.parametrize(
    'mask',
    [
        [[0, 0, 5, 0, 5, 5], [1, 2]],
        dict(size=[40, 60], counts=[5, 10, 2385]),
        dict(size=[40, 60], counts='0P[1'),
    ],
)
def test_masks_that_can_be_drawn_pass(mask, coco):
    check_data(coco(changed('annotations', 1, segmentation=mask)))


def test_crowds_alone_are_nothing_to_learn(coco):
    content = coco_content()
    for item in content['annotations']:
        item['iscrowd'] = 1
    with pytest.raises(InputError, match='no training image has a box .* drops crowds'):
        check_data(coco(content))


def test_names_with_a_folder_that_data_prefix_has_too_are_explained(coco, tmp_path):
    content = coco_content()
    for item in content['images']:
        item['file_name'] = 'train\\' + item['file_name']
    with pytest.raises(InputError, match=r"2 of 2 .*train/1.jpg.*: set data_prefix=dict\(img=''\)"):
        check_data(coco(content))
    for item in content['images']:
        item['file_name'] = str(tmp_path / item['file_name'].replace('\\', '/'))
    check_data(coco(content))  # a whole path


def test_a_class_without_objects_is_a_warning(coco, monkeypatch):
    said = []
    monkeypatch.setattr(coco_checks, 'print_log', lambda text, *where: said.append(text))
    content = coco_content()
    del content['annotations'][0]
    check_data(coco(content))
    (text,) = said
    assert text.endswith('train.json has no object to learn of 1 of 2 classes (disc).')


def test_a_detector_with_fewer_classes_than_the_data_is_refused(coco):
    cfg = coco(coco_content())
    cfg.model.roi_head.mask_head.num_classes = 1
    with pytest.raises(InputError, match=r'set model.roi_head.mask_head.num_classes=2'):
        check_data(cfg)


def test_one_bad_box_in_a_thousand_is_a_warning(coco, monkeypatch):
    said = []
    monkeypatch.setattr(box_checks, 'print_log', lambda text, *where: said.append(text))
    content = coco_content()
    content['annotations'] = [annotation(i, 1, 7, [5, 5, 20, 10]) for i in range(999)]
    content['annotations'].append(annotation(999, 1, 7, [29.65, 38.33, 1.03, 0.0]))
    check_data(coco(content))
    (text,) = said
    assert re.match(r'1 of 1000 boxes of .* have no width or no height \(annotation 999, ', text)
    content['annotations'][0]['bbox'][3] = 0
    with pytest.raises(InputError, match='2 of 1000 boxes .*: correct or remove them'):
        check_data(coco(content))


def run_process(rank: int, cfg: Config, folder: Path) -> None:
    store = f'file://{folder}/store'
    dist.init_process_group('gloo', init_method=store, rank=rank, world_size=2)
    try:
        check_data(cfg)
    except InputError as error:
        (folder / f'{rank}.txt').write_text(str(error))


def test_more_processes_than_images_end_on_all_of_them(coco, tmp_path):
    content = coco_content()
    content['annotations'] = content['annotations'][1:2]  # image 2 is left out, as it has no box
    cfg = coco(content)
    mp.start_processes(run_process, (cfg, tmp_path), nprocs=2, start_method='fork')
    said = {(tmp_path / f'{rank}.txt').read_text() for rank in range(2)}
    assert said == {'there are more processes (GPUs), 2, than training images, 1: start at most 1.'}


def test_training_images_without_any_box_are_refused(coco):
    content = coco_content()
    content['annotations'] = content['annotations'][1:2]
    cfg = coco(content)
    cfg.train_dataloader.dataset.metainfo.classes = ('disc',)
    with pytest.raises(InputError, match='no training image has a box'):
        check_data(cfg)


OBJECT = (
    '<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>'
    '<ymax>{}</ymax></bndbox></object>'
)
SIZE = '<size><width>60</width><height>40</height></size>'


@pytest.fixture
def voc(tmp_path) -> Callable[..., Config]:
    """Write a devkit with one annotation as given, and a config of it, wrapped as in ours."""

    def write(*objects: tuple, xml: str | None = None, size: str = SIZE) -> Config:
        devkit = tmp_path / 'VOCdevkit' / 'VOC2007'
        for folder in ('ImageSets/Main', 'Annotations', 'JPEGImages'):
            (devkit / folder).mkdir(parents=True, exist_ok=True)
        for name in ('000001', '000002'):
            (devkit / 'Annotations' / f'{name}.xml').write_text(
                f'<annotation>{SIZE}{OBJECT.format("cow", 1, 1, 60, 40)}</annotation>'
            )
            Image.new('RGB', (60, 40)).save(devkit / 'JPEGImages' / f'{name}.jpg')
        boxes = ''.join(OBJECT.format(*item) for item in objects)
        xml = f'<annotation>{size}{boxes}</annotation>' if xml is None else xml
        (devkit / 'Annotations' / '000002.xml').write_text(xml)
        (devkit / 'ImageSets' / 'Main' / 'trainval.txt').write_text('000001\n000002\n')
        data = dict(
            type='mmdet.VOCDataset',
            data_root=str(tmp_path),
            ann_file='VOCdevkit/VOC2007/ImageSets/Main/trainval.txt',
            data_prefix=dict(sub_data_root='VOCdevkit/VOC2007/'),
        )
        wrapped = dict(type='mmdet.ConcatDataset', datasets=[data])
        model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
        return Config(dict(model=model, train_dataloader=dict(dataset=wrapped)))

    return write


def test_a_sane_devkit_passes(voc):
    check_data(voc(('dog', 12.6, 1, 60, 40), ('cow', 3, 3, 4, 5)))
    check_data(voc(('dog', 1, 1, 60, 40), size=''))  # of the image itself then


@pytest.mark.parametrize(
    ('objects', 'written', 'says'),
    [
        ([('unicorn', 1, 1, 5, 5)], {}, r'1 of 2 objects .* does not have \(unicorn\): correct'),
        (
            [('dog', 9, 1, 9, 5)],
            {},
            r'1 of 2 boxes of .*trainval.txt have no width or no height \(dog in 000002.xml, x 8 '
            'to 8, y 0 to 4 of 60 x 40',
        ),
        ([('dog', 9, 5, 20, 1)], {}, 'have no width or no height'),
        ([('dog', 9, 5, 80, 9)], {}, r'exceed their image \(dog in 000002.xml, x 8 to 79'),
        ([('dog', 9, 5, 80, 9)], dict(size=''), 'exceed their image'),
        (
            [('dog', 9, 5, 'x', 9)],
            {},
            "000002.xml is no annotation in the format of VOC: could not convert .* 'x",
        ),
        (
            [],
            dict(xml='<annotation><object>'),
            '000002.xml is no annotation in the format of VOC: no element',
        ),
        (
            [],
            dict(xml=f'<annotation>{SIZE}<object><name>dog</name></object></annotation>'),
            'no annotation in the format of VOC: there is no object/bndbox/xmin',
        ),
    ],
)
def test_each_fault_of_voc_annotations_is_named(objects, written, says, voc):
    with pytest.raises(InputError, match=says):
        check_data(voc(*objects, **written))


def test_faults_of_several_files_of_voc_are_counted_and_an_unreadable_one_is_named(voc, tmp_path):
    cfg = voc(('dog', 9, 5, 80, 9))
    devkit = tmp_path / 'VOCdevkit/VOC2007'
    Image.new('RGB', (50, 40)).save(devkit / 'JPEGImages/000001.jpg')
    with pytest.raises(
        InputError, match=r'\(1\) 1 of 2 boxes .*exceed.*\(2\) 1 of 2 images .*50 x 40'
    ):
        check_data(cfg)
    for name in ('000001', '000002'):
        (devkit / f'Annotations/{name}.xml').write_text('<annotation>')
    with pytest.raises(InputError, match='00000.*.xml is no annotation .*; so is 1 of 2 others'):
        check_data(cfg)


@pytest.mark.parametrize(
    ('line', 'says'),
    [
        (
            '000001  1',
            r"1 of 2 lines .* not the name of an image alone \('000001  1'\): take the list",
        ),
        ('', r"1 of 2 lines .* not the name of an image alone \(''\)"),
        ('000003', r'unpack the devkit again, or shorten'),
    ],
)
def test_lines_of_a_list_of_voc_that_are_no_names_are_refused(line, says, voc, tmp_path):
    cfg = voc(('dog', 1, 1, 5, 5))
    (tmp_path / 'VOCdevkit/VOC2007/ImageSets/Main/trainval.txt').write_text(f'{line}\n000001\n')
    with pytest.raises(InputError, match=says):
        check_data(cfg)


def test_other_endings_than_jpg_are_explained(voc, tmp_path):
    cfg = voc(('dog', 1, 1, 5, 5))
    folder = tmp_path / 'VOCdevkit/VOC2007/JPEGImages'
    (folder / '000001.jpg').rename(folder / '000001.JPG')
    with pytest.raises(InputError, match='while there is 000001.JPG; mmdet reads .jpg alone'):
        check_data(cfg)


def test_boxes_of_voc_that_begin_at_0_and_unknown_classes_are_warnings(voc, monkeypatch):
    said = []
    monkeypatch.setattr(voc_checks, 'print_log', lambda text, *where: said.append(text))
    cfg = voc(('dog', 0, 1, 5, 5), ('Dog', 2, 2, 7, 7))
    cfg.train_dataloader.dataset.datasets[0].metainfo = dict(classes=('cow', 'dog'))
    check_data(cfg)
    assert len(said) == 2
    assert re.search(r'1 of 3 objects of .* \(Dog\); they are left out', said[0])
    assert re.search(r'1 of 3 boxes of .*trainval.txt begin at 0, while VOC counts from 1', said[1])
    cfg.train_dataloader.dataset.datasets[0].metainfo = dict(classes=('DOG',))
    with pytest.raises(InputError, match=r'3 of 3 objects .* \(Dog; cow; dog\): correct'):
        check_data(cfg)


@pytest.mark.parametrize('text', ['Unspecified', ''])
def test_a_difficulty_that_is_no_number_is_named(text, voc):
    one = OBJECT.format('dog', 1, 1, 5, 5).replace(
        '<bndbox>', f'<difficult>{text}</difficult><bndbox>'
    )
    with pytest.raises(InputError, match='no annotation in the format of VOC: invalid literal'):
        check_data(voc(xml=f'<annotation>{SIZE}{one}</annotation>'))


@pytest.mark.parametrize(
    ('gone', 'says'),
    [
        ('ImageSets/Main/trainval.txt', 'there is no list of images .*/Main/trainval.txt: unpack'),
        ('Annotations/000001.xml', r'1 of the 2 files .* \(Annotations/000001.xml\): unpack'),
        ('JPEGImages/000002.jpg', r'1 of the 2 files .* \(JPEGImages/000002.jpg\): unpack'),
    ],
)
def test_what_a_devkit_lacks_is_named(gone, says, voc, tmp_path):
    cfg = voc(('dog', 1, 1, 5, 5))
    (tmp_path / 'VOCdevkit' / 'VOC2007' / gone).unlink()
    with pytest.raises(InputError, match=says):
        check_data(cfg)


def test_an_empty_list_is_refused(voc, tmp_path):
    cfg = voc(('dog', 1, 1, 5, 5))
    (tmp_path / 'VOCdevkit/VOC2007/ImageSets/Main/trainval.txt').write_text('')
    with pytest.raises(InputError, match='trainval.txt is empty'):
        check_data(cfg)
