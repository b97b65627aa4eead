"""VOC 2007 as marks of classes, read from a generated miniature."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmbarlow.datasets.plain_views import WholeView
from mmbarlow.datasets.voc07 import VOC07
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

IMAGES = {
    '000005': [('cow', 0), ('cow', 1), ('dog', 1)],
    '000007': [],
    '000009': [('tvmonitor', 0), ('aeroplane', 0), ('horse', 1), ('horse', 1)],
}


@pytest.fixture
def root(make_voc, tmp_path):
    return make_voc(tmp_path, dict(trainval=IMAGES, empty={}))


def marks(sample: dict, classes: tuple[str, ...]) -> dict[str, int]:
    return {c: mark for c, mark in zip(classes, sample['gt_label'], strict=True) if mark}


def test_a_class_is_marked_undecided_where_all_its_objects_are_difficult(root):
    data = VOC07(str(root), 'trainval')
    assert len(data.metainfo['classes']) == 20
    got = [marks(sample, data.metainfo['classes']) for sample in data]
    assert got == [dict(cow=1, dog=-1), {}, dict(tvmonitor=1, aeroplane=1, horse=-1)]


def test_a_batch_carries_the_marks_to_the_protocols(root):
    init_default_scope('mmengine')
    pipeline = [
        dict(type='mmbarlow.WholeView', size=8, resize=16),
        dict(type='mmpretrain.PackInputs'),
    ]
    cfg = dict(type='mmbarlow.VOC07', data_root=str(root), split='trainval', pipeline=pipeline)
    sample = DATASETS.build(cfg)[0]
    assert sample['inputs'].shape == (3, 8, 8)
    assert sample['data_samples'].gt_label.tolist() == [0] * 9 + [1, 0, -1] + [0] * 8


def test_some_of_the_classes_can_be_taken_alone(root):
    data = VOC07(str(root), 'trainval', metainfo=dict(classes=['dog', 'cow']))
    assert [sample['gt_label'] for sample in data] == [[-1, 1], [0, 0], [0, 0]]
    with pytest.raises(InputError, match="no class 'cat-like'"):
        VOC07(str(root), 'trainval', metainfo=dict(classes=['dog', 'cat-like']))


@pytest.mark.parametrize(
    ('remove', 'split', 'says'),
    [
        ('', 'test', r'there is no file .*Main/test\.txt: unpack VOCtrainval'),
        ('', 'empty', 'the empty list of .* is empty'),
        ('Annotations/000007.xml', 'trainval', r'there is no file .*000007\.xml'),
        ('JPEGImages/000009.jpg', 'trainval', r'there is no image .*000009\.jpg'),
    ],
)
def test_what_is_missing_is_named(root, remove, split, says):
    if remove:
        (root / 'VOCdevkit' / 'VOC2007' / remove).unlink()
    with pytest.raises(InputError, match=says):
        VOC07(str(root), split)


def test_a_broken_annotation_is_named(root):
    (root / 'VOCdevkit/VOC2007/Annotations/000005.xml').write_text('<annotation>')
    with pytest.raises(InputError, match=r'000005\.xml is no XML'):
        VOC07(str(root), 'trainval')


def test_the_whole_view_keeps_the_edges_of_the_image():
    image = np.zeros((30, 60, 3), np.uint8)
    image[:, :6], image[:, -6:] = 255, 128
    view = WholeView(size=20, resize=30).transform(dict(img=image))['img']
    assert view.shape == (20, 20, 3)
    assert view[:, 0].min() > 200
    assert 100 < view[:, -1].min() <= view[:, -1].max() < 156
