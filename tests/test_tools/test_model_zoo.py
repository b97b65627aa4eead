import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mmbarlow.zoo import records, schema
from mmbarlow.zoo.records import Record

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'model_zoo.py'
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
    """A repository with one record in the zoo and no pages."""
    records.write(PIXELS, tmp_path / 'mmbarlow' / 'zoo' / 'records')
    return tmp_path


def everything(root: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in root.rglob('*') if path.is_file()}


def test_both_pages_are_written_and_then_are_not_stale(tool, root):
    assert tool([], root) == 0
    assert '97.8' in (root / 'model_zoo.md').read_text()
    assert f'`{PIXELS.command}`' in (root / 'docs' / 'model_zoo_records.md').read_text()
    assert tool(['--check'], root) == 0


def test_check_says_in_one_line_that_the_pages_are_stale_and_leaves_them(tool, root, capsys):
    tool([], root)
    records.write(replace(PIXELS, seed=1), root / 'mmbarlow' / 'zoo' / 'records', force=True)
    before = everything(root)
    capsys.readouterr()
    assert tool(['--check'], root) == 1
    pages = f'{root}/model_zoo.md and {root}/docs/model_zoo_records.md'
    expected = f'{pages} are not what the records say: run python tools/model_zoo.py\n'
    assert capsys.readouterr().out == expected
    assert everything(root) == before


@pytest.mark.parametrize('name', ['model_zoo.md', 'docs/model_zoo_records.md'])
def test_check_names_the_one_page_that_is_stale(tool, root, capsys, name):
    tool([], root)
    (root / name).write_text('edited')
    capsys.readouterr()
    assert tool(['--check'], root) == 1
    assert capsys.readouterr().out.startswith(f'{root / name} is not what the records say')


@pytest.mark.parametrize('name', ['docs', 'docs/model_zoo_records.md/folder'])
def test_a_page_that_cannot_be_written_leaves_the_other_as_it_was(tool, root, name):
    tool([], root)
    records.write(BETTER, root / 'mmbarlow' / 'zoo' / 'records', force=True)
    (root / 'docs' / 'model_zoo_records.md').unlink()
    if name == 'docs':  # a file where the folder should be
        (root / 'docs').rmdir()
        (root / 'docs').write_text('')
    else:
        (root / name).mkdir(parents=True)
    before = everything(root)
    with pytest.raises(ValueError, match=r'cannot write .*model_zoo_records.md'):
        tool([], root)
    assert everything(root) == before


def test_no_record_is_added_where_a_page_cannot_be_written(tool, root, tmp_path):
    path = str(records.write(replace(PIXELS, seed=1), tmp_path / 'new'))
    (root / 'docs').write_text('')
    before = everything(root)
    with pytest.raises(ValueError, match=r'cannot write .*model_zoo_records.md'):
        tool(['--add', path], root)
    assert everything(root) == before


def test_a_package_installed_elsewhere_has_its_own_records_and_pages(tmp_path):
    skip = shutil.ignore_patterns('.mim', '__pycache__')
    shutil.copytree(ROOT / 'mmbarlow', tmp_path / 'mmbarlow', ignore=skip)
    (tmp_path / 'mmbarlow' / '.mim').mkdir()
    shutil.copytree(ROOT / 'configs', tmp_path / 'mmbarlow' / '.mim' / 'configs')  # as a wheel does
    path = records.write(replace(PIXELS, seed=7), tmp_path / 'new')
    done = subprocess.run(
        [sys.executable, TOOL, '--add', path],
        env=os.environ | dict(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'mmbarlow' / 'zoo' / 'records' / path.name).is_file()
    assert f'zoo/records/{path.name})' in (tmp_path / 'docs/model_zoo_records.md').read_text()
    assert 'this project, 2 seeds, ' in (tmp_path / 'model_zoo.md').read_text()


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


def test_records_are_added_all_or_none_where_one_cannot_be_written(tool, root, tmp_path):
    for seed in (1, 2):
        path = records.write(replace(PIXELS, seed=seed), tmp_path / 'new')
    (root / 'mmbarlow' / 'zoo' / 'records' / path.name / 'folder').mkdir(parents=True)
    before = everything(root)
    with pytest.raises(ValueError, match=r'seed2.json'):
        tool(['--add', str(tmp_path / 'new'), '--force'], root)
    assert everything(root) == before


def test_a_folder_with_a_link_adds_nothing(tool, root, tmp_path):
    records.write(replace(PIXELS, seed=1), tmp_path / 'new')
    (tmp_path / 'new' / 'zzz.json').symlink_to('/etc/hostname')
    before = everything(root)
    with pytest.raises(ValueError, match='zzz.json is a link'):
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


def test_the_committed_pages_are_what_the_records_say(run_tool):
    status, _, err = run_tool('model_zoo.py', '--check')
    assert status == 0, err
