import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mmbarlow.zoo import records, schema
from mmbarlow.zoo.records import Record

TOOL = Path(__file__).parents[2] / 'tools' / 'model_zoo.py'
PIXELS = Record(
    config='knn_digits',
    task='knn',
    dataset='digits',
    metrics=dict(top1_k10=97.8),
    model='pixels',
    pretrain_config=None,
    checkpoint_sha256=None,
    seed=0,
    commit='a' * 40,
    versions=dict(python='3.11.7'),
    hardware='Some CPU, 2 cores',
    wall_time_s=1.0,
    date='2026-11-20',
    scale='full',
    command='python tools/benchmark.py pixels --suite knn_digits',
)
BETTER = replace(PIXELS, metrics=dict(top1_k10=99.0))


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('model_zoo', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def root(tmp_path):
    """A repository with one record in the zoo and no page."""
    records.write(PIXELS, tmp_path / 'mmbarlow' / 'zoo' / 'records')
    return tmp_path


def everything(root: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in root.rglob('*') if path.is_file()}


def test_the_page_is_written_and_then_is_not_stale(tool, root):
    assert tool([], root) == 0
    assert '97.8' in (root / 'model_zoo.md').read_text()
    assert tool(['--check'], root) == 0


def test_check_says_in_one_line_that_the_page_is_stale_and_leaves_it(tool, root, capsys):
    tool([], root)
    records.write(BETTER, root / 'mmbarlow' / 'zoo' / 'records', force=True)
    before = everything(root)
    capsys.readouterr()
    assert tool(['--check'], root) == 1
    assert capsys.readouterr().out.count('\n') == 1
    assert everything(root) == before


def test_a_folder_of_records_is_added_and_shown(tool, root, tmp_path):
    linear = replace(PIXELS, config='linear_digits', task='linear', metrics=dict(top1=96.1))
    folder = tmp_path / 'work_dirs' / 'pixels' / 'records'
    records.write(linear, folder)
    records.write(PIXELS, folder)  # in the zoo already, the same: no conflict
    assert tool(['--add', str(folder)], root) == 0
    assert records.read_folder(root / 'mmbarlow' / 'zoo' / 'records') == [PIXELS, linear]
    assert '| 97.8 | 96.1 |' in (root / 'model_zoo.md').read_text()


def test_a_second_record_for_a_row_and_seed_needs_force(tool, root, tmp_path):
    path = str(records.write(BETTER, tmp_path / 'new'))
    before = everything(root)
    with pytest.raises(
        ValueError, match=r'the zoo has another pixels--knn_digits--seed0.json; --f'
    ):
        tool(['--add', path], root)
    assert everything(root) == before
    assert tool(['--add', path, '--force'], root) == 0
    assert records.read_folder(root / 'mmbarlow' / 'zoo' / 'records') == [BETTER]


def test_two_new_records_for_a_row_are_refused_even_with_force(tool, root, tmp_path):
    paths = [str(records.write(BETTER, tmp_path / 'a')), str(tmp_path / 'b')]
    records.write(replace(BETTER, wall_time_s=2.0), tmp_path / 'b')
    with pytest.raises(ValueError, match='are of the same row and seed: give one'):
        tool(['--add', *paths, '--force'], root)


def test_one_bad_record_stops_the_good_ones_too(tool, root, tmp_path):
    good = records.write(replace(PIXELS, seed=1), tmp_path / 'new')
    bad = tmp_path / 'new' / 'zzz.json'
    bad.write_text(json.dumps(json.loads(good.read_text()) | dict(scale='')))
    before = everything(root)
    with pytest.raises(ValueError, match=r"zzz.json: the field 'scale' must be 'full', or one"):
        tool(['--add', str(tmp_path / 'new')], root)
    assert everything(root) == before


def test_a_folder_without_records_is_an_error(tool, root, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty: there is no record'):
        tool(['--add', str(tmp_path / 'empty')], root)


def test_force_alone_is_a_mistake(tool, root, capsys):
    with pytest.raises(SystemExit) as stop:
        tool(['--force'], root)
    assert stop.value.code == 2
    assert '--force goes with --add' in capsys.readouterr().err


def test_from_the_command_line_an_invalid_record_ends_in_one_line_and_status_2(tmp_path):
    path = tmp_path / 'record.json'
    path.write_text('{"config": "knn_digits"}')
    command = [sys.executable, TOOL, '--add', path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {path}: add the missing field 'task': one of {', '.join(schema.TASKS)}.\n"
    )


def test_the_committed_page_is_what_the_records_say(run_tool):
    status, _, err = run_tool('model_zoo.py', '--check')
    assert status == 0, err
