"""The package finds its configs from a wheel as it does from a clone."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution

import modelindex
import pytest

from mmbarlow.paths import CLONE
from mmbarlow.version import __version__

FOUND = """
import mmbarlow, sys
from mmbarlow.benchmarks import suites
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.paths import CONFIGS, RECORDS
from mmbarlow.studies import catalogue
print(mmbarlow.__file__)
print(CONFIGS)
print(*[path.stem for path in suites.find_benchmarks(['knn_digits'])])
print(catalogue.config_path('barlowtwins_resnet18_1xb128-coslr-20e_digits').name)
print(len(list(RECORDS.glob('*.json'))) > 100)
try:
    load_config('barlowtwins_resnet18_1xb128-coslr-71e_digits.py')
except InputError as error:
    print(error)
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """The files that a wheel installs, in a folder of their own."""
    folder = tmp_path_factory.mktemp('wheel')
    command = [sys.executable, 'setup.py', '-q', 'egg_info', '--egg-base', folder]
    command += ['build', '--build-base', folder / 'build', 'bdist_wheel', '--dist-dir', folder]
    subprocess.run(command, cwd=CLONE, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob('*.whl'))) as file:
        file.extractall(folder / 'site')
    return folder / 'site'


def test_a_benchmark_a_study_and_a_close_name_are_found_from_a_wheel(wheel, tmp_path):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', FOUND],
        env=os.environ | dict(PYTHONPATH=str(wheel)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    file, configs, benchmark, study, records, close = done.stdout.splitlines()[-6:]
    assert file.startswith(str(wheel))
    assert configs == str(wheel / 'mmbarlow' / '.mim' / 'configs')
    assert benchmark == 'knn_digits'
    assert study == 'barlowtwins_resnet18_1xb128-coslr-20e_digits.py'
    assert records == 'True'
    assert 'close names: barlowtwins_resnet18_1xb128-coslr-70e_digits.py' in close


def test_a_wheel_has_all_modules_configs_and_tools_and_mim_finds_them(wheel):
    for kind, place in (('mmbarlow', 'mmbarlow'), ('configs', 'mmbarlow/.mim/configs')):
        files = [*(CLONE / kind).rglob('*.py'), *(CLONE / kind).rglob('*.json')]
        names = {path.relative_to(CLONE / kind) for path in files}
        names = {name for name in names if '.mim' not in name.parts}
        assert len(names) > 200
        assert {str(name) for name in names if not (wheel / place / name).is_file()} == set()
    mim = wheel / 'mmbarlow' / '.mim'
    assert {'train.py', 'test.py', 'dist_train.sh'} <= {p.name for p in (mim / 'tools').iterdir()}
    index = modelindex.load(str(mim / 'model-index.yml'))
    assert all((mim / model.config).is_file() for model in index.models)
    assert (wheel / 'mmbarlow' / 'py.typed').is_file()


def test_onedl_mim_takes_a_folder_with_configs_and_tools_for_the_package(wheel):
    """It looks in the folder of the first file, and pip has them in the order of their names."""
    names = [path.relative_to(wheel).as_posix() for path in wheel.rglob('*') if path.is_file()]
    first = min(['../../../bin/mmbarlow', *names]).split('/')[0]
    assert sorted(path.name for path in (wheel / first / '.mim').iterdir()) == sorted(
        path.name for path in (wheel / 'mmbarlow' / '.mim').iterdir()
    )


def test_the_metadata_is_complete_and_gives_ranges(wheel):
    found = Distribution.at(next(wheel.glob('*.dist-info')))
    about = found.metadata
    assert found.version == __version__
    assert f'version: {__version__}\n' in (CLONE / 'CITATION.cff').read_text()
    assert about['License-Expression'] == 'Apache-2.0'
    assert 'Barlow Twins' in about['Description']
    assert about['Requires-Python'] == '>=3.10'
    pythons = {f'Programming Language :: Python :: 3.{minor}' for minor in (10, 11, 12, 13)}
    assert pythons <= set(about.get_all('Classifier'))
    extras = {'all', 'detection', 'dicom', 'docs', 'export', 'formats', 'segmentation', 'tracking'}
    assert extras <= set(about.get_all('Provides-Extra'))
    assert [line for line in found.requires if '==' in line.split(';')[0]] == []
    command = next(iter(found.entry_points.select(group='console_scripts')))
    assert (command.name, command.value) == ('mmbarlow', 'mmbarlow.commands.main:command_line')
