"""A folder decides the classes, the widths of the heads, the split and the length."""

import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.paths import BENCHMARKS
from mmbarlow.registry import DATASETS
from mmbarlow.segmentation.preparation import fit_length, fit_widths, heads, prepare_masks

OWN = sorted((BENCHMARKS / 'own_segmentation').glob('*.py'))


@pytest.mark.parametrize('path', OWN, ids=lambda p: p.stem)
def test_heads_and_schedule_come_from_the_folder_alone(path, shapes):
    cfg = load_config(path, {'data_root': str(shapes), 'model.backbone.depth': 18})
    prepare_masks(cfg)
    widths = {name: head['in_channels'] for name, head in heads(cfg)}
    linear = path.stem.startswith('linear')
    assert widths == dict(decode_head=512, **({} if linear else dict(auxiliary_head=256)))
    assert {head['num_classes'] for _, head in heads(cfg)} == {3}
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (1000, 250)
    assert cfg.param_scheduler[0]['end'] == 1000


@pytest.mark.parametrize(
    ('images', 'iterations'), [(8, 1000), (320, 1000), (3200, 10000), (10**6, 40000)]
)
def test_the_length_is_50_passes_within_limits(images, iterations):
    cfg = load_config(OWN[0])
    fit_length(cfg, images)
    assert cfg.train_cfg.max_iters == iterations == 4 * cfg.train_cfg.val_interval


def test_a_length_that_is_given_stays():
    cfg = load_config(OWN[0], {'train_cfg.max_iters': 300})
    fit_length(cfg, 10**6)
    assert cfg.train_cfg.max_iters == cfg.param_scheduler[0]['end'] == 300


def test_widths_follow_a_resnet_of_any_depth():
    model = dict(decode_head=dict(in_index=3), auxiliary_head=[dict(in_index=0), dict(in_index=2)])
    backbone = dict(type='ResNet', depth=50, out_indices=(0, 1, 2, 3))
    cfg = Config(dict(model=dict(model, backbone=backbone)))
    fit_widths(cfg)
    assert [head['in_channels'] for _, head in heads(cfg)] == [2048, 256, 1024]


def own(root, split: str, **kwargs):
    return DATASETS.build(
        dict(type='mmbarlow.MaskFolder', data_root=str(root), split=split, **kwargs)
    )


def names_of(dataset) -> list[str]:
    return [dataset.get_data_info(i)['img_path'].split('/')[-1] for i in range(len(dataset))]


def test_without_folders_of_splits_a_fifth_is_for_validation_and_stays_there(
    write_shapes, tmp_path
):
    root = write_shapes(tmp_path / 'flat', splits=('',), count=10)
    train, val = names_of(own(root, 'train')), names_of(own(root, 'val'))
    assert len(val) == 2
    assert sorted([*train, *val]) == [f'{i}.jpg' for i in range(10)]
    # another image moves at most one
    for kind in ('images', 'masks'):
        (file,) = (root / kind).glob('0.*')
        Image.open(file).save(file.with_name(f'new{file.suffix}'))
    assert len(set(names_of(own(root, 'val'))) - set(val)) <= 1


def test_names_of_folders_and_endings_of_masks_are_found(write_shapes, tmp_path):
    root = write_shapes(tmp_path / 'other', count=2)
    (root / 'images').rename(root / 'img_dir')
    (root / 'masks').rename(root / 'ann_dir')
    for path in list((root / 'ann_dir').rglob('*.png')):
        path.rename(path.with_name(f'{path.stem}_mask.png'))
    found = own(root, 'val', mask_ending='_mask')
    info = found.get_data_info(0)
    assert info['img_path'].endswith('img_dir/val/0.jpg')
    assert info['seg_map_path'].endswith('ann_dir/val/0_mask.png')


def test_colors_come_from_the_file_of_classes_or_else_from_the_masks(write_shapes, tmp_path):
    root = write_shapes(tmp_path / 'colors', count=1)
    (root / 'classes.txt').write_text('ground, 1, 2, 3\nred disc 4 5 6\nsquare;7;8;9\n')
    found = own(root, 'train').metainfo
    assert found['classes'] == ('ground', 'red disc', 'square')
    assert found['palette'] == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    (root / 'classes.txt').write_text('ground\ndisc\nsquare\n')
    path = root / 'masks' / 'train' / '0.png'
    picture = Image.open(path)
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.save(path)
    assert own(root, 'train').metainfo['palette'] == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]


def test_the_linear_head_is_bn_and_one_convolution():
    from mmbarlow.segmentation.linear_segmentation_head import LinearSegmentationHead

    loss = dict(type='mmseg.CrossEntropyLoss')
    head = LinearSegmentationHead(
        16, norm_cfg=dict(type='BN'), num_classes=5, in_index=1, loss_decode=loss
    ).eval()
    x = torch.randn(2, 16, 6, 7)
    with torch.no_grad():
        wanted = torch.einsum(
            'kc,nchw->nkhw', head.conv_seg.weight[..., 0, 0], x / (1 + 1e-5) ** 0.5
        )
        torch.testing.assert_close(head([None, x]), wanted + head.conv_seg.bias[:, None, None])
    assert sum(p.numel() for p in head.parameters()) == 16 * 5 + 5 + 2 * 16
