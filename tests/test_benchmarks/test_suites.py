import pytest

from mmbarlow.benchmarks import suites
from mmbarlow.errors import InputError
from mmbarlow.paths import BENCHMARKS
from mmbarlow.zoo.schema import TASKS


@pytest.mark.parametrize('name', suites.SUITES)
def test_every_entry_of_a_suite_is_a_benchmark_that_is_shipped(name):
    found = suites.find_benchmarks([name])
    assert len(found) >= len(suites.SUITES[name])
    assert {path.stem for path in found} >= {e for e in suites.SUITES[name] if '_' in e}


def test_every_benchmark_has_a_source_of_its_data_and_a_task_of_the_records():
    for path in BENCHMARKS.glob('*/*.py'):
        assert suites.whole_dataset(path) in suites.DATA_SOURCES, path
        assert path.parent.name in TASKS, path


def test_names_give_each_benchmark_once_in_the_order_asked_for():
    found = [
        path.stem for path in suites.find_benchmarks(['linear_digits', 'digits', 'knn_cifar10'])
    ]
    assert found[0] == 'linear_digits'
    assert found[-1] == 'knn_cifar10'
    assert {'fewlabel-knn_digits', 'knn_digits'} <= set(found[1:-1])
    assert len(found) == len(set(found))
    assert all(name.endswith('_digits') for name in found[:-1])


def test_a_name_that_stands_for_nothing_is_refused_with_those_that_do():
    known = 'in1k, transfer, detection, segmentation, small, .*knn_digits'
    with pytest.raises(InputError, match=f"'mnist'; there are {known}"):
        suites.find_benchmarks(['digits', 'mnist'])
