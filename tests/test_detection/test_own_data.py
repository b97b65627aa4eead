"""A user's folder is enough for a detector: parts, classes, heads and schedule come from it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.detection.own_annotations import find_parts
from mmbarlow.detection.own_data import complete
from mmbarlow.detection.own_schedule import fill_in_schedule
from mmbarlow.detection.preparing import fit_pyramid, prepare_detector
from mmbarlow.errors import InputError
from mmbarlow.zoo import records

CONFIGS = Path(__file__).parents[2] / 'configs'
OWN = CONFIGS / 'benchmarks' / 'own_detection'
BOXES, MASKS = OWN / 'faster-rcnn-fpn_own.py', OWN / 'mask-rcnn-fpn_own.py'
NETWORK = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10.py'
FOUND = dict(train=None, val=None)
# Category 7 has no object, as the first one of files from Roboflow, and the ids have a gap.
CATEGORIES = [dict(id=i, name=name) for i, name in ((7, 'fruit'), (3, 'plum'), (12, 'fig'))]


def write_images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)


def annotations(names: list[str], masks: bool = True) -> dict:
    """A plum and a fig in each image."""
    images = [dict(id=i, file_name=n, width=60, height=40) for i, n in enumerate(names, 10)]
    objects = []
    for image in images:
        for category, (x, y, w, h) in ((3, (5, 6, 20, 22)), (12, (30, 10, 25, 20))):
            outline = [x, y, x + w, y, x + w, y + h, x, y + h]
            one = dict(id=len(objects) + 1, image_id=image['id'], category_id=category)
            one |= dict(bbox=[x, y, w, h], area=w * h, iscrowd=0)
            objects.append(one | (dict(segmentation=[outline]) if masks else {}))
    return dict(images=images, annotations=objects, categories=CATEGORIES)


def write(file: Path, content: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


TRAIN, VAL = ['a.jpg', 'b.jpg', 'c.jpg'], ['d.jpg', 'e.jpg']
LAYOUTS = {
    'of COCO': (
        *('annotations/instances_train2017.json', 'train2017'),
        *('annotations/instances_val2017.json', 'val2017'),
    ),
    'of Roboflow': (
        *('train/_annotations.coco.json', 'train'),
        *('valid/_annotations.coco.json', 'valid'),
    ),
    'flat': ('train.json', '', 'test.json', ''),
    'images in one folder': ('labels/train.json', 'images', 'labels/val.json', 'images'),
    'images by part': ('train.json', 'images/train', 'validation.json', 'images/val'),
}


@pytest.mark.parametrize('layout', LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_is_understood(layout, tmp_path):
    train, train_images, val, val_images = layout
    for file, folder, names in ((train, train_images, TRAIN), (val, val_images, VAL)):
        write(tmp_path / file, annotations(names))
        write_images(tmp_path / folder, names)
    parts = find_parts(tmp_path, FOUND, tmp_path / 'work')
    assert [parts['train'].file, parts['val'].file] == [tmp_path / train, tmp_path / val]
    assert parts['train'].folder == tmp_path / train_images
    assert parts['val'].folder == tmp_path / val_images
    assert not (tmp_path / 'work').exists()


def test_images_of_the_same_names_are_taken_from_the_folder_of_their_part(tmp_path):
    for split in ('train', 'val'):
        write(tmp_path / f'{split}.json', annotations(TRAIN))
        write_images(tmp_path / split, TRAIN)
    parts = find_parts(tmp_path, FOUND, tmp_path)
    assert [parts[s].folder.name for s in ('train', 'val')] == ['train', 'val']


def test_captions_beside_the_objects_are_passed_over(tmp_path):
    write_images(tmp_path / 'images', TRAIN)
    for kind in ('instances', 'captions'):
        for split in ('train2017', 'val2017'):
            write(tmp_path / 'annotations' / f'{kind}_{split}.json', annotations(TRAIN))
    parts = find_parts(tmp_path, FOUND, tmp_path)
    assert {part.file.name for part in parts.values()} == {
        'instances_train2017.json',
        'instances_val2017.json',
    }


def test_one_file_is_divided_the_same_way_each_time(tmp_path):
    names = [f'{i:02}.jpg' for i in range(11)]
    write(tmp_path / 'annotations' / 'instances_default.json', annotations(names))
    write_images(tmp_path / 'images', names)
    first, second = (find_parts(tmp_path, FOUND, tmp_path.parent / w) for w in ('one', 'two'))
    images = {s: [i['file_name'] for i in first[s].content['images']] for s in first}
    assert {s: [i['file_name'] for i in second[s].content['images']] for s in first} == images
    assert len(images['val']) == 2
    assert sorted(images['train'] + images['val']) == names
    for split, part in first.items():
        assert part.folder == tmp_path / 'images'
        written = json.loads(
            (tmp_path.parent / 'one' / 'annotations' / f'{split}.json').read_text()
        )
        assert written == part.content
        owners = {a['image_id'] for a in written['annotations']}
        assert owners == {image['id'] for image in written['images']}


def test_a_named_file_goes_first(tmp_path):
    write_images(tmp_path / 'images', TRAIN)
    for name in ('train.json', 'train_small.json', 'val.json'):
        write(tmp_path / name, annotations(TRAIN))
    parts = find_parts(tmp_path, dict(train='train_small.json', val=None), tmp_path)
    assert parts['train'].file.name == 'train_small.json'


def ambiguous(root: Path) -> None:
    for name in ('train_a.json', 'train_b.json'):
        write(root / name, annotations(TRAIN))


def without_images(root: Path) -> None:
    write(root / 'train.json', annotations(TRAIN))


def few(root: Path) -> None:
    write(root / 'train.json', annotations(TRAIN))
    write_images(root, TRAIN)


def nothing_learned(root: Path) -> None:
    content = annotations(TRAIN)
    for one in content['annotations']:
        one['iscrowd'] = 1
    for name in ('train.json', 'val.json'):
        write(root / name, content)
    write_images(root, TRAIN)


BAD = {
    'empty folder': (lambda root: None, 'has no JSON file that is named for training'),
    'two files': (
        ambiguous,
        "2 files of .* can be the annotations of 'train' .*annotations.train=",
    ),
    'no images': (without_images, r'no folder in .* has the images of .*train.json \(a.jpg; b.jpg'),
    'few images': (few, 'has 3 images, too few to hold out a fifth'),
    'crowds': (nothing_learned, 'has no object to learn: its 6 annotations are crowds'),
}


@pytest.mark.parametrize(('make', 'says'), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_a_sentence(make, says, tmp_path):
    make(tmp_path)
    cfg = load_config(BOXES, dict(data_root=str(tmp_path)), str(tmp_path / 'work'))
    with pytest.raises(InputError, match=says):
        complete(cfg)


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / 'own'
    for split, names in (('train', TRAIN), ('valid', VAL)):
        write(root / split / '_annotations.coco.json', annotations(names))
        write_images(root / split, names)
    return root


def completed(path: Path, folder: Path, tmp_path: Path, **options) -> Config:
    cfg = load_config(path, dict(data_root=str(folder), **options), str(tmp_path / 'work'))
    prepare_detector(cfg)
    return cfg


@pytest.mark.parametrize(('path', 'masks'), [(BOXES, False), (MASKS, True)], ids=['boxes', 'masks'])
def test_classes_heads_and_evaluation_are_those_of_the_files(path, masks, folder, tmp_path):
    cfg = completed(path, folder, tmp_path)
    for name in ('train', 'val', 'test'):
        dataset = cfg[f'{name}_dataloader'].dataset
        assert dataset.metainfo.classes == ('plum', 'fig')
        loads = next(step for step in dataset.pipeline if 'with_mask' in step)
        assert loads.with_mask == masks
    assert cfg.model.roi_head.bbox_head.num_classes == 2
    assert not masks or cfg.model.roi_head.mask_head.num_classes == 2
    assert cfg.val_evaluator.ann_file == str(folder / 'valid' / '_annotations.coco.json')
    assert cfg.val_evaluator.metric == (['bbox', 'segm'] if masks else ['bbox'])
    written = Config.fromstring(cfg.pretty_text, '.py')
    complete(written)  # a config that is complete stays as it is
    assert written.pretty_text == cfg.pretty_text


@pytest.mark.parametrize(
    ('images', 'batch', 'iterations'),
    # sqrt(16551) is 128.65: 385,952 images, and 24,000 iterations are published
    [(16551, 16, 24123), (120000, 16, 90000), (100, 16, 1875), (100, 4, 7500), (9, 2, 4500)],
)
def test_the_schedule_follows_from_the_number_of_images(images, batch, iterations):
    cfg = load_config(BOXES, {'train_dataloader.batch_size': batch})
    fill_in_schedule(cfg, images)
    assert cfg.train_cfg.max_iters == iterations
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.02 * batch / 16)
    warm_up, steps = cfg.param_scheduler
    assert warm_up.end == min(1000, iterations // 20) + 1
    assert steps.milestones == [iterations * 2 // 3, iterations * 8 // 9]
    hook = next(h for h in cfg.custom_hooks if 'Precise' in h.type)
    assert hook.iterations == min(200, -(-images // batch))


def test_a_length_that_is_given_stays():
    cfg = load_config(BOXES, {'train_cfg.max_iters': 90})
    fill_in_schedule(cfg, 1000)
    assert cfg.train_cfg.max_iters == 90
    assert cfg.param_scheduler[1].milestones == [60, 80]


@pytest.mark.parametrize(
    ('backbone', 'channels'),
    [
        (dict(depth=18), [64, 128, 256, 512]),
        (dict(depth=50, base_channels=32, stem_channels=32), [128, 256, 512, 1024]),
    ],
    ids=['ResNet-18', 'half as wide'],
)
def test_the_pyramid_takes_depth_and_width_of_the_network(backbone, channels):
    cfg = load_config(BOXES)
    fit_pyramid(cfg, backbone)
    assert cfg.model.backbone.depth == backbone['depth']
    assert cfg.model.neck.in_channels == channels


def test_the_command_needs_nothing_but_the_folder(run_tool, folder, tmp_path):
    """All but size and length is as shipped; the network is a ResNet-18."""
    shutil.rmtree(folder / 'valid')
    names = [f'{i}.jpg' for i in range(5)]
    write(folder / 'train' / '_annotations.coco.json', annotations(names, masks=False))
    write_images(folder / 'train', names)
    small = ['train_cfg.max_iters=2', 'train_dataloader.batch_size=2']
    small += ['model.train_cfg.rcnn.sampler.num=4', 'model.train_cfg.rpn_proposal.max_per_img=8']
    small += ['model.test_cfg.rpn.max_per_img=4', 'default_hooks.logger.interval=1']
    small += ['train_dataloader.dataset.pipeline.2.scales=[(96,64)]']
    small += ['val_dataloader.dataset.pipeline.1.scale=(96,64)']
    for loader in ('train_dataloader', 'val_dataloader'):
        small += [f'{loader}.num_workers=0', f'{loader}.persistent_workers=False']
    status, out, err = run_tool(
        *('benchmark.py', 'untrained', '--config', NETWORK, '--work-dir', tmp_path / 'out'),
        *('--suite', 'faster-rcnn-fpn_own', '--scale', 'Two iterations on miniatures.'),
        *('--cfg-options', f'data_root={folder}', *small),
    )
    assert status == 0, err + out
    (record,) = records.read_folder(tmp_path / 'out' / 'records')
    assert (record.task, record.dataset) == ('own_detection', 'own')
    assert list(record.metrics) == ['AP', 'AP50', 'AP75']
    assert [point['iteration'] for point in record.curve or []] == [1, 2]
    assert len(list((tmp_path / 'out').rglob('pictures/*.jpg'))) == 1  # a fifth of five
