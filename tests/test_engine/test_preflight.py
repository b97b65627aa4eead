"""What a run lacks is said in one line, and its work dir stays as it was."""

from pathlib import Path

import pytest
from PIL import Image

from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@pytest.fixture
def config(tmp_path, digits_config, small) -> Path:
    """62 images in batches of 16, for 3 epochs."""
    (tmp_path / 'configs').mkdir()
    path = tmp_path / 'configs' / 'own.py'
    path.write_text(
        f'_base_ = {str(digits_config)!r}\n'
        'train_dataloader = dict(batch_size=16, dataset=dict(indices=62))\n'
        'model = dict(neck=dict(hid_channels=16, out_channels=16), head=dict(in_channels=16))\n'
        'train_cfg = dict(max_epochs=3)\nparam_scheduler = dict(warmup=1)\n'
    )
    return path


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (['train_dataloader.batch_size=128'], '62 images make no batch of 128: set train_data'),
        (
            ['train_dataloader.batch_size=61', 'train_dataloader.drop_last=False'],
            '62 images in batches of 61 leave a last batch of 1 image',
        ),
        (['train_dataloader.batch_size=1'], 'a batch of 1 has no correlations'),
        (['train_cfg.max_epochs=0'], 'train_cfg.max_epochs is 0: give 1 or more.'),
        (['train_cfg.val_interval=0'], 'train_cfg.val_interval is 0: give 1 or more.'),
        (['param_scheduler.warmup=3'], 'a warm-up of 3 epochs leaves nothing of a schedule of 3'),
        (['param_scheduler.warmup=-1'], 'a warm-up of -1 epochs'),
        (['train_dataloader.num_workers=-2'], 'num_workers is -2: give a whole number'),
        (['visualizer.vis_backends.0.type=NoSuchBackend'], 'NoSuchBackend'),
        (
            ['train_dataloader.dataset.pipeline.0.channels=1'],
            'the images have 1 channel and the backbone takes 3: set model.backbone.in_channels=1 '
            'and model.data_preprocessor.mean and std with a number for each channel, or '
            'channels=3 of the transforms to read the images so.',
        ),
        (
            ['train_dataloader.dataset.pipeline.0.channels=1', 'model.backbone.in_channels=1'],
            'have 1 channel and model.data_preprocessor.mean and std have 3: set',
        ),
        (
            ['model.backbone.in_channels=1'],
            'have 3 channels and the backbone takes 1: set model.backbone.in_channels=3, or',
        ),
        (['model.backbone.in_channels=13'], 'set model.backbone.in_channels=3.'),
    ],
)
def test_before_the_first_step_one_line_says_it_and_nothing_is_left(
    options, says, run_tool, config, tmp_path
):
    (tmp_path / 'out').mkdir()
    (old := tmp_path / 'out' / 'own.py').write_text('# of an earlier run\n')
    text = config.read_text()
    backends = "[dict(type='LocalVisBackend')]"
    config.write_text(f"{text}visualizer = dict(type='Visualizer', vis_backends={backends})\n")
    status, out, err = run_tool(
        'train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options', *options
    )
    assert (status, out) == (2, '')
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert says in line
    assert list((tmp_path / 'out').iterdir()) == [old]
    assert old.read_text() == '# of an earlier run\n'


@pytest.mark.parametrize(
    ('schedule', 'says'),
    [
        ("dict(type='LinearLR', end=10)", 'a warm-up of 10 epochs leaves nothing of a training of'),
        ("dict(type='CosineAnnealingLR', begin=5)", 'begins after 5 epochs, and ends after 3'),
        ("dict(type='MultiStepLR', steps=[1])", "unexpected keyword argument 'steps'"),
    ],
)
def test_a_schedule_that_the_training_has_no_room_for_is_told_in_epochs(
    schedule, says, run_tool, config, tmp_path
):
    text = config.read_text().replace('dict(warmup=1)', f'[{schedule}]')
    config.write_text(text)
    status, _, err = run_tool('train.py', config, '--work-dir', tmp_path / 'out')
    assert status == 2
    assert says in err
    assert not (tmp_path / 'out').exists()


def test_an_incomplete_batch_that_is_kept_is_a_batch(run_tool, config, tmp_path):
    options = ['train_dataloader.batch_size=128', 'train_dataloader.drop_last=False']
    options += ['train_cfg.max_epochs=2']
    status, out, err = run_tool(
        'train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options', *options
    )
    assert status == 0, err
    assert 'epoch 2 of 2, step 1 of 1: loss' in out


def test_without_workers_their_options_are_left_out(run_tool, config, tmp_path):
    options = ['num_workers=0', 'persistent_workers=True', 'prefetch_factor=2']
    status, _, err = run_tool(
        *('train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options'),
        *(f'train_dataloader.{option}' for option in options),
        'train_cfg.max_epochs=2',
    )
    assert status == 0, err


def test_a_hook_of_ours_is_left_out_by_none_as_one_of_mmengines_is(run_tool, config, tmp_path):
    options = ['default_hooks.export=None', 'default_hooks.pixels=None', 'train_cfg.max_epochs=2']
    status, out, err = run_tool(
        'train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options', *options
    )
    assert status == 0, err
    assert 'looked at' not in out
    assert not list((tmp_path / 'out').glob('*_backbone.pth'))


def test_an_accuracy_has_no_k_that_the_classes_say_nothing_of(tmp_path):
    (own := tmp_path / 'own.py').write_text(
        "model = dict(head=dict(num_classes=2))\nval_evaluator = dict(type='A', topk=(1, 5))\n"
        "test_evaluator = [dict(type='A', topk=(1, 5)), dict(type='B')]\n"
    )
    cfg = load_config(own)
    assert cfg.val_evaluator.topk == cfg.test_evaluator[0].topk == (1,)
    assert load_config(own, {'model.head.num_classes': 6}).val_evaluator.topk == (1, 5)


def test_pretraining_takes_any_class_folders_as_imagenet(tmp_path):
    for name in ('moth', 'n01440764', 'other'):
        (tmp_path / 'train' / name).mkdir(parents=True)
        Image.new('RGB', (8, 8)).save(tmp_path / 'train' / name / 'a.jpg')
    kind = dict(type='mmbarlow.UnlabeledImageNet', data_root=str(tmp_path), split='train')
    dataset = DATASETS.build(kind)
    assert [Path(dataset[i]['img_path']).parent.name for i in range(len(dataset))] == [
        *('moth', 'n01440764', 'other')
    ]


@pytest.mark.parametrize('size', [(32, 48), [32, 32, 32], 0, -1, 32.5, True, '32', []])
def test_a_size_that_is_not_square_or_no_number_is_refused(size):
    from mmbarlow.datasets.square import side_of

    assert side_of(32) == side_of((32,)) == side_of([32, 32]) == 32
    with pytest.raises(InputError, match='views are square, so give one whole number'):
        side_of(size)


@pytest.mark.parametrize(('optimizer', 'told'), [('mmbarlow.LARS', 1), ('AdamW', 0)])
def test_lars_on_a_vision_transformer_is_warned_of_at_the_start(
    optimizer, told, run_tool, config, tmp_path
):
    arch = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32)
    vit = dict(type='mmpretrain.VisionTransformer', arch=arch, img_size=32, patch_size=8)
    text = config.read_text().replace('neck=dict(', f'backbone={vit}, neck=dict(in_channels=16, ')
    text = text.replace("backbone={'type'", "backbone={'_delete_': True, 'type'")
    wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type=optimizer, lr=1e-3))
    config.write_text(f'{text}optim_wrapper = {wrapper}\n')
    options = ['train_cfg.max_epochs=1', 'param_scheduler.warmup=0']
    status, out, err = run_tool(
        'train.py', config, '--work-dir', tmp_path / 'out', '--cfg-options', *options
    )
    assert status == 0, err
    assert (out + err).count('LARS trains a VisionTransformer, which has no BN') == told
