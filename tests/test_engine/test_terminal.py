"""The terminal shows what a user needs, and the log file everything."""

import os
import re
import subprocess
import sys

from mmbarlow.paths import CLONE


def test_the_terminal_has_what_starts_the_progress_and_where_results_are(
    run_tool, digits_config, small, tmp_path
):
    options = [*small, 'train_cfg.val_interval=1']
    status, out, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *options
    )
    assert status == 0, err
    lines = [re.sub(r'^\d\d/\d\d \d\d:\d\d:\d\d  ', '', line) for line in out.splitlines()]
    # Before a validation that would take over 5 s, as on a busy machine, a checkpoint is written.
    lines = [line for line in lines if not line.startswith('Saving checkpoint')]
    start, looked, step, knn, *end = lines
    # D K / (D + K) is 0.042 for N = D = 16: K = 0.0051 (256 / 15 - 16) = 0.00544
    assert start == (
        f'{digits_config}; 32 images; batch 16; 1 epochs; cpu; the loss cannot go below 0.0. '
        f'Results go to {tmp_path}'
    )
    assert looked.startswith('32 of 32 training images looked at: ')
    number = r'\d+\.?\d*(e[-+]\d+)?'
    assert re.fullmatch(
        f'epoch 1 of 1, step 2 of 2: loss {number} \\(invariance {number}, redundancy {number}\\), '
        f'lr {number}, {number} images/s.*, 0:00:00 left',
        step,
    )
    assert re.fullmatch(f'validation: KNN/top1_k10 {number}, KNN/top5_k10 {number}', knn)
    backbone, record, done = end
    assert backbone == f'Backbone: {tmp_path}/{digits_config.stem}_backbone.pth'
    assert record.startswith(f'Record: {tmp_path}/records/')
    assert done == f'Done. Checkpoints, log and curves: {tmp_path}'

    (log,) = tmp_path.glob('*/*.log')
    text = log.read_text()
    for kept in ('System environment:', 'Config:\n', 'Hooks will be executed'):
        assert kept in text
    assert re.search(r'Epoch\(train\) \[1\]\[2/2\].*time: .*data_time: .*loss_redundancy: ', text)


def test_debug_shows_everything(run_tool, digits_config, small, tmp_path):
    options = [*small, 'log_level=DEBUG']
    _, out, _ = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *options
    )
    for kept in ('System environment:', 'Config:\n', 'Hooks will be executed', 'Epoch(train) [1]'):
        assert kept in out


def test_the_first_line_of_a_tool_is_our_own(digits_config, small, tmp_path):
    command = [CLONE / 'tools' / 'train.py', digits_config, '--work-dir', tmp_path]
    done = subprocess.run(
        [sys.executable, *command, '--cfg-options', *small],
        env=dict(os.environ, PYTHONPATH=str(CLONE), CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert f'{digits_config}; 32 images' in done.stdout.splitlines()[0]
    assert done.stderr == ''
