"""What can be trained and measured, with its hardware and its number, at once."""

import subprocess
import sys
from pathlib import Path

from mmbarlow.commands.list import recipes

CONFIGS = Path(__file__).parents[2] / 'configs'


def test_every_config_is_listed_with_its_number(run_command):
    status, out, _ = run_command('list', '_')
    assert status == 0
    names = {p.stem for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts}
    assert names <= {line.strip() for line in out.splitlines()}
    flat = ' '.join(out.split())
    assert 'cifar10 | one GPU | Expected: kNN (k=200, T=0.1) 84.2 %' in flat
    assert 'in1k | 8 GPUs | Expected: linear 73.5 / 91.0 (released weights)' in flat
    assert 'digits | minutes on two CPU cores | Measured over 3 seeds' in flat


def test_words_must_all_match_the_name_or_the_text(run_command):
    out = run_command('list', 'CIFAR10', 'mixed', 'gpu')[1]
    names = [line.strip() for line in out.splitlines() if line.startswith('  mixed')]
    wanted = [
        r.path.stem for r in recipes() if 'cifar10' in r.name and 'mixed' in r.name + r.text.lower()
    ]
    assert names == wanted
    assert len(names) == 6


def test_without_words_ablations_and_benchmarks_are_only_counted(run_command):
    out = run_command('list')[1]
    assert 'barlowtwins-no-bn' not in out
    counts = [len(list((CONFIGS / name).rglob('*.py'))) for name in ('ablations', 'benchmarks')]
    assert f'There are also {counts[0]} ablations (mmbarlow list ablations), {counts[1]} ' in out


def test_a_single_recipe_is_shown_in_full(run_command):
    out = run_command('list', 'barlowtwins_resnet50_8xb256-coslr-1000e_in1k')[1]
    assert 'A week on 16 V100 (README); the paper has 124 h on 32' in out
    path = 'barlowtwins/barlowtwins_resnet50_8xb256-coslr-1000e_in1k.py'
    assert f'file: {CONFIGS / path}' in out
    assert f"_base_ = 'mmbarlow::{path}'" in out


def test_words_without_a_recipe_get_close_ones(run_command):
    status, out, err = run_command('list', 'cifr10')
    assert (status, out) == (2, '')
    assert err == 'error: no recipe has cifr10; close words: cifar10, cifar100.\n'
    assert 'each word has some, but none has all' in run_command('list', 'digits', 'voc07')[2]


def test_neither_torch_nor_the_rest_of_mmengine_is_imported():
    code = (
        'import sys\nfrom mmbarlow.commands.main import command_line\n'
        'try:\n    command_line(["list"])\nexcept SystemExit:\n    pass\n'
        'print({"torch", "mmengine.runner", "mmcv"} & sys.modules.keys())'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == 'set()'
