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

from mmbarlow.detection import box_checks
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
