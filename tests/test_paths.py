"""The package finds its configs from a wheel as it does from a clone."""

import os
import subprocess
import sys

import pytest

from mmbarlow.paths import CLONE

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
    command = [sys.executable, 'setup.py', '-q', 'build', '--build-base', folder / 'build']
    command += ['egg_info', '--egg-base', folder]
    subprocess.run(command, cwd=CLONE, check=True, capture_output=True)
    return folder / 'build' / 'lib'


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
