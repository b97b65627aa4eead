"""Pretraining from the command line: what it leaves behind, and its answers to bad input."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmbarlow.apis import extract_features, get_model
from mmbarlow.zoo import records

ROOT = Path(__file__).parents[2]


def test_pretraining_leaves_checkpoint_backbone_and_record(
    run_tool, digits_config, small, tmp_path
):
    status, _, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small
    )
    assert status == 0, err
    (record,) = records.read_folder(tmp_path / 'records')
    assert record.task == 'pretrain'
    assert record.curve[-1]['epoch'] == record.metrics['epochs'] == 1
    assert 'KNN/top1_k10' in record.curve[-1]

    backbone = tmp_path / f'{digits_config.stem}_backbone.pth'
    model = get_model(backbone)
    whole = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict']
    assert torch.equal(model.backbone.conv1.weight, whole['backbone.conv1.weight'])
    image = np.zeros((50, 40, 3), np.uint8)
    assert extract_features(model, [image, Image.fromarray(image)], size=32).shape == (2, 256)


def test_resume_continues_where_the_run_stopped(run_tool, digits_config, small, tmp_path):
    arguments = ['train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small]
    run_tool(*arguments, 'default_hooks.checkpoint.interval=1')
    status, _, err = run_tool(*arguments, 'train_cfg.max_epochs=2', '--resume')
    assert status == 0, err
    (record,) = records.read_folder(tmp_path / 'records')
    assert [entry['epoch'] for entry in record.curve] == [1, 2]


def test_pieces_of_a_limited_time_make_the_run_that_one_piece_makes(
    run_tool, digits_config, small, tmp_path
):
    options = ['--cfg-options', *small, 'train_cfg.max_epochs=3', 'train_cfg.val_interval=1']
    whole, pieces = tmp_path / 'whole', tmp_path / 'pieces'
    run_tool('train.py', digits_config, '--work-dir', whole, *options)
    backbone = f'{digits_config.stem}_backbone.pth'
    limit = ['train.py', digits_config, '--work-dir', pieces, '--minutes', '1e-9']
    for done, resume in ((1, []), (2, ['--resume'])):
        status, out, err = run_tool(*limit, *resume, *options)
        assert status == 0, err
        assert f'{done} of 3 epochs are done' in out
        assert (pieces / f'epoch_{done}.pth').is_file()
        assert not (pieces / 'records').exists()
    status, out, err = run_tool(*limit, '--resume', *options)
    assert status == 0, err
    assert 'of 3 epochs are done' not in out

    (a,), (b,) = (records.read_folder(folder / 'records') for folder in (whole, pieces))
    knn = [[entry['KNN/top1_k10'] for entry in record.curve] for record in (a, b)]
    assert knn[0] == knn[1]  # the losses are means of up to 50 steps, of one piece alone
    assert len(knn[0]) == 3
    states = [torch.load(f / backbone, weights_only=True)['state_dict'] for f in (whole, pieces)]
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())
    first = torch.load(pieces / 'epoch_3.pth', weights_only=True)['meta']['wall_time_s']
    assert b.wall_time_s >= first > 0


def test_no_time_is_refused_before_anything_is_written(run_tool, digits_config, tmp_path):
    status, _, err = run_tool('train.py', digits_config, '--work-dir', tmp_path, '--minutes', '0')
    assert status == 2
    assert '--minutes 0 is no time: give more than 0.' in err
    assert not list(tmp_path.iterdir())


def test_amp_trains_in_bf16_and_keeps_the_loss_in_fp32(run_tool, digits_config, small, tmp_path):
    status, _, err = run_tool(
        'train.py', digits_config, '--amp', '--work-dir', tmp_path, '--cfg-options', *small
    )
    assert status == 0, err
    assert (tmp_path / f'{digits_config.stem}_backbone.pth').is_file()


def test_dist_train_trains_with_two_processes_without_a_gpu(digits_config, small, tmp_path):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [ROOT / 'tools' / 'dist_train.sh', digits_config, '2', '--work-dir', tmp_path]
        + ['--cfg-options', *small],
        env=dict(os.environ, PYTHON=sys.executable, PORT=str(port), CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (log,) = tmp_path.glob('*/*.log')
    assert 'Epoch(train) [1][1/1]' in log.read_text()  # 32 images, 16 on each of 2: one step
    (record,) = records.read_folder(tmp_path / 'records')
    assert record.curve[0]['KNN/top1_k10'] > 50  # of the 360 test images, gathered from both


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (['optim_wraper.type=OptimWrapper'], "unknown key 'optim_wraper' in the config, did you"),
        (['env_cfg.cudnn_bench=True'], "unknown key 'cudnn_bench' in env_cfg, did you mean"),
        (['model.hed.lambd=1'], 'hed'),
        (['optim_wrapper.optimizer.lrr=1'], 'lrr'),
        (['train_dataloader.batchsize=2'], 'batchsize'),
        (['train_cfg.max_epoch=2'], 'max_epoch'),
        (['model.backbone.in_channels=1'], 'have 3 channels and the backbone takes 1'),
        (['train_dataloader.batch_size=1'], 'a batch of 1 has no correlations'),
        (
            ['param_scheduler.warmup=70'],
            'a warm-up of 70 epochs leaves nothing of a schedule of 70',
        ),
        (['train_dataloader.dataset.split=val'], "split must be 'train' or 'test'"),
    ],
)
def test_a_wrong_option_ends_in_one_line_and_status_2(
    options, says, run_tool, digits_config, tmp_path
):
    status, _, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *options
    )
    lines = [line for line in err.splitlines() if line.startswith('error: ')]
    assert status == 2
    assert len(lines) == 1
    assert says in lines[0]


def test_a_config_that_is_not_there_names_those_of_a_similar_name(run_tool):
    status, _, err = run_tool('train.py', 'configs/barlowtwins_resnet50_8xb256-coslr-300e_in1.py')
    assert status == 2
    assert 'close names: barlowtwins_resnet50_8xb256-coslr-300e_in1k.py' in err


def test_a_missing_data_folder_is_named_with_the_cure(run_tool):
    (config,) = (ROOT / 'configs/barlowtwins').glob('*resnet50*-300e_in1k.py')
    status, _, err = run_tool('train.py', config, '--cfg-options', 'data_root=/nowhere')
    assert status == 2
    assert 'there is no folder /nowhere' in err
    assert '--cfg-options data_root=FOLDER' in err


def test_a_folder_without_images_is_refused(run_tool, tmp_path):
    (config,) = (ROOT / 'configs/barlowtwins').glob('*resnet18-stem7*-8e_cifar10.py')
    for folder in ('train', 'test'):
        (tmp_path / 'empty' / folder / 'cat').mkdir(parents=True)
    status, _, err = run_tool(
        'train.py', config, '--work-dir', tmp_path, '--cfg-options', f'data_root={tmp_path}/empty'
    )
    assert status == 2
    assert f'{tmp_path}/empty' in err


def test_nan_in_an_image_stops_the_run_before_a_checkpoint(
    run_tool, digits_config, small, tmp_path, monkeypatch
):
    from mmpretrain.datasets.transforms import PackInputs

    honest = PackInputs.format_input

    def poisoned(input_):
        if isinstance(input_, list):
            return [honest(view).float() * float('nan') for view in input_]
        return honest(input_)

    monkeypatch.setattr(PackInputs, 'format_input', staticmethod(poisoned))
    status, _, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small
    )
    assert status == 2
    assert 'the embeddings hold NaN or Inf' in err
    assert 'Look at your images' in err
    assert not list(tmp_path.glob('*.pth'))


def test_resume_with_nothing_to_resume_says_so(run_tool, digits_config, tmp_path):
    status, _, err = run_tool('train.py', digits_config, '--work-dir', tmp_path, '--resume')
    assert status == 2
    assert f'nothing to resume: {tmp_path} has no checkpoint' in err
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_architecture_does_not_resume(
    run_tool, digits_config, small, tmp_path
):
    arguments = ['train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small]
    run_tool(*arguments)
    before = (tmp_path / 'epoch_1.pth').read_bytes()
    status, _, err = run_tool(*arguments, 'model.neck.hid_channels=8', '--resume')
    assert status == 2
    assert 'does not fit the model' in err
    assert (tmp_path / 'epoch_1.pth').read_bytes() == before
