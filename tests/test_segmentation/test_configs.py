"""Every segmentation config builds, with the numbers of its source, and reads its data."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from PIL import Image
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmbarlow.config import data_roots, load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.resnet_weights import load_resnet
from mmbarlow.paths import BENCHMARKS
from mmbarlow.registry import DATASETS, MODELS
from mmbarlow.segmentation.mask_checks import check_masks
from mmbarlow.segmentation.preparation import heads

FILES = sorted(BENCHMARKS.glob('*_segmentation/*.py'))
BY_NAME = {path.stem: path for path in FILES}
each_config = pytest.mark.parametrize('path', FILES, ids=lambda p: p.stem)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmengine')


@pytest.fixture(scope='module')
def data(tmp_path_factory, write_shapes) -> Path:
    """Two images in the layout of every data set, with numbers of its classes in the masks."""
    root = tmp_path_factory.mktemp('data')
    write_shapes(root, splits=('train', 'val', 'training', 'validation'), count=2)
    image, mask = (Image.open(root / f) for f in ('images/train/0.jpg', 'masks/train/0.png'))
    (root / 'annotations').symlink_to(root / 'masks')
    for folder in ('JPEGImages', 'SegmentationClass', 'SegmentationClassAug'):
        (root / folder).mkdir()
        for name in ('a', 'b'):
            picture, kind = (image, 'jpg') if folder == 'JPEGImages' else (mask, 'png')
            picture.save(root / folder / f'{name}.{kind}')
    (root / 'ImageSets' / 'Segmentation').mkdir(parents=True)
    for split, name in dict(train='a', aug='b', val='a').items():
        (root / 'ImageSets' / 'Segmentation' / f'{split}.txt').write_text(name)
    for split in ('train', 'val'):
        for folder, file in (('leftImg8bit', image), ('gtFine', mask)):
            kind = 'gtFine_labelTrainIds' if folder == 'gtFine' else folder
            (root / folder / split / 'ulm').mkdir(parents=True)
            file.save(root / folder / split / 'ulm' / f'ulm_0_{kind}.png')
    return root


def built(path: Path, **options) -> nn.Module:
    """The model, without memory for its numbers."""
    cfg = load_config(path, options)
    for _, head in heads(cfg):
        head['num_classes'] = head['num_classes'] or 3
    with torch.device('meta'):
        return MODELS.build(cfg.model)


@each_config
def test_a_config_builds_mmsegs_model_on_the_plain_resnet(path):
    model = built(path)
    assert type(model).__name__ == 'EncoderDecoder'
    assert model.backbone.conv1.kernel_size == (7, 7)  # mmseg's own has three of 3 x 3
    assert len(model.backbone.state_dict()) == 318
    layers = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    assert all(type(layer) is nn.BatchNorm2d for layer in layers)  # SyncBN is the runner's
    frozen = [not p.requires_grad for p in model.backbone.parameters()]
    kinds = dict(fcn='FCNHead', pspnet='PSPHead', linear='LinearSegmentationHead')
    kind = re.split('[_-]', path.stem)[0]
    assert type(model.decode_head).__name__ == kinds[kind]
    assert all(frozen) if kind == 'linear' else not any(frozen)
    assert model.with_auxiliary_head == (kind != 'linear')


@pytest.mark.parametrize(
    ('name', 'iterations', 'batch', 'crop', 'classes', 'test'),
    [
        ('fcn_voc12aug', 20000, 16, 512, 21, 'whole'),
        ('pspnet_voc12aug', 20000, 16, 512, 21, 'whole'),
        ('fcn_cityscapes', 40000, 8, 769, 19, 'slide'),
        ('pspnet_cityscapes', 40000, 8, 769, 19, 'slide'),
        ('linear-seg_voc12aug', 40000, 16, 512, 21, 'whole'),
        ('linear-seg_ade20k', 40000, 16, 512, 150, 'whole'),
    ],
)
def test_the_values_are_those_of_mmselfsup(name, iterations, batch, crop, classes, test):
    cfg = load_config(BY_NAME[name])
    assert cfg.train_cfg.max_iters == cfg.param_scheduler[0]['end'] == iterations
    assert cfg.train_dataloader.batch_size == batch
    assert tuple(cfg.model.data_preprocessor.size) == tuple(cfg.crop_size) == (crop, crop)
    assert {head['num_classes'] for _, head in heads(cfg)} == {classes}
    assert cfg.model.test_cfg.mode == test
    optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4)
    assert cfg.optim_wrapper.optimizer == optimizer
    assert cfg.sync_bn == 'torch'


@each_config
def test_a_config_reads_its_data_and_checks_it(path, data):
    cfg = load_config(path, dict(data_root=str(data)))
    assert {folder for _, folder in data_roots(cfg)} == {str(data)}
    facts = check_masks(cfg)
    assert facts.images == (1 if 'cityscapes' in path.stem else 2)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        sample = DATASETS.build(loader.dataset)[0]
        height, width = sample['inputs'].shape[1:]
        truth = sample['data_samples'].gt_sem_seg.data
        if loader is cfg.train_dataloader:
            assert truth.shape[1:] == (height, width)
            assert max(height, width) <= cfg.crop_size[0]
        else:
            assert truth.shape == (1, 56, 72)  # of the file
        known = np.setdiff1d(truth.unique().numpy(), [255])
        assert set(known) <= ({0, 1} if 'ade20k' in path.stem else {0, 1, 2})


@pytest.fixture(scope='module')
def pretrained() -> nn.Module:
    init_default_scope('mmengine')
    torch.manual_seed(0)
    model = MODELS.build(dict(type='mmpretrain.ResNet', depth=50))
    model.bn1.num_batches_tracked.fill_(7)
    return model


def test_all_318_tensors_of_a_resnet_50_arrive(pretrained):
    state = pretrained.state_dict()
    model = built(BY_NAME['fcn_voc12aug']).to_empty(device='cpu')
    load_resnet(model, state)
    own = model.backbone.state_dict()
    assert len(own) == len(state) == 318
    assert all(torch.equal(own[name], tensor) for name, tensor in state.items())


def test_a_network_that_lacks_a_tensor_is_refused(pretrained):
    state = pretrained.state_dict()
    del state['layer4.2.bn3.bias']
    model = built(BY_NAME['linear-seg_voc12aug'])
    with pytest.raises(InputError, match=r'1 tensors missing .*layer4\.2\.bn3\.bias.* of 318'):
        load_resnet(model, state)


def test_every_config_opens_with_its_command():
    for path in FILES:
        assert re.search(rf'--suite {path.stem}\s', path.read_text().split('"""')[1]), path
