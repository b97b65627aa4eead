"""A user's labeled images as a data set that a config can name."""

import pytest
from PIL import Image

from mmbarlow.datasets.labeled_files import labeled_task_images
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@pytest.fixture
def folder(tmp_path):
    for name, count in dict(cat=10, dog=20).items():
        (tmp_path / name).mkdir()
        for i in range(count):
            Image.new('RGB', (2, 2)).save(tmp_path / name / f'{i:02}.png')
    return tmp_path


def built(folder, part, **more):
    cfg = dict(type='mmbarlow.LabeledFiles', source=str(folder), part=part, **more)
    return DATASETS.build(cfg)


def test_the_parts_share_no_image_and_number_the_classes_alike(folder):
    train, test = (built(folder, part, share=0.3) for part in ('train', 'test'))
    assert (len(train), len(test)) == (21, 9)
    paths = [
        {data.get_data_info(i)['img_path'] for i in range(len(data))} for data in (train, test)
    ]
    assert not paths[0] & paths[1]
    assert train.metainfo['classes'] == test.metainfo['classes'] == ('cat', 'dog')
    for data in (train, test):
        for i in range(len(data)):
            sample = data.get_data_info(i)
            assert f'/{["cat", "dog"][sample["gt_label"]]}/' in sample['img_path']


def test_images_of_several_classes_have_a_number_for_each(folder):
    table = folder / 'labels.csv'
    table.write_text(
        'path,label,split\ncat/00.png,cat|pet,train\ndog/00.png,dog,train\ncat/01.png,cat,test\n'
    )
    samples = [built(table, 'train').get_data_info(i)['gt_label'].tolist() for i in range(2)]
    assert samples == [[1, 0, 1], [0, 1, 0]]


def test_few_training_images_of_each_class_leave_the_test_as_it_is(folder):
    whole = labeled_task_images(str(folder), 0.3)
    few = labeled_task_images(str(folder), 0.3, per_class=4)
    assert [c.tolist().count(0) for c in (few.part('train').labels, few.labels)] == [4, 7]
    assert len(few.part('train').paths) == 8
    assert few.part('test').paths == whole.part('test').paths
    other = labeled_task_images(str(folder), 0.3, seed=1, per_class=4)
    assert other.part('train').paths != few.part('train').paths
    with pytest.raises(InputError, match='0 training images a class cannot be drawn'):
        labeled_task_images(str(folder), 0.3, per_class=0)
