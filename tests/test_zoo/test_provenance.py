import subprocess
from dataclasses import asdict

import pytest
import torch

from mmbarlow.zoo import provenance, records, schema


def git(root, *arguments):
    identity = ['-c', 'user.name=n', '-c', 'user.email=e', '-c', 'commit.gpgsign=false']
    command = ['git', '-C', root, *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / 'mmbarlow' / 'zoo' / 'records').mkdir(parents=True)
    (tmp_path / 'mmbarlow' / 'losses.py').write_text('a = 1\n')
    (tmp_path / 'model_zoo.md').write_text('page\n')
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-qm', 'first')
    return tmp_path


def test_what_is_collected_fits_the_schema(make_record):
    collected = provenance.provenance()
    schema.validate(asdict(make_record(**collected)), 'here')
    assert collected['versions']['torch'] == torch.__version__.split('+')[0]
    assert {'python', 'mmbarlow', 'numpy', 'scikit-learn'} <= set(collected['versions'])
    assert 'core' in collected['hardware']


def test_the_commit_is_the_one_checked_out(checkout):
    assert provenance.commit(checkout) == git(checkout, 'rev-parse', 'HEAD')


def test_changed_code_and_new_code_make_the_commit_dirty(checkout):
    new = checkout / 'mmbarlow' / 'new.py'
    new.write_text('')
    assert provenance.commit(checkout).endswith('-dirty')
    new.unlink()
    (checkout / 'mmbarlow' / 'losses.py').write_text('a = 2\n')
    assert provenance.commit(checkout).endswith('-dirty')


def test_new_records_and_notes_do_not_make_the_commit_dirty(checkout, make_record):
    records.write(make_record(), checkout / 'mmbarlow' / 'zoo' / 'records')
    (checkout / 'model_zoo.md').write_text('newer\n')
    (checkout / 'todo.txt').write_text('')
    assert not provenance.commit(checkout).endswith('-dirty')


def test_a_package_installed_inside_another_repository_has_no_commit(checkout, tmp_path_factory):
    assert provenance.commit(checkout / 'mmbarlow') == 'unknown'
    assert provenance.commit(tmp_path_factory.mktemp('plain')) == 'unknown'
