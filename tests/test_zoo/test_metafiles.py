"""What mim reads of the recipes is what the records say; its own library reads it here."""

from pathlib import Path
from statistics import mean

import modelindex
import pytest

from mmbarlow.paths import RECORDS
from mmbarlow.zoo import records

ROOT = Path(__file__).parents[2]
DIGITS = 'barlowtwins_resnet18_1xb128-coslr-70e_digits'
CIFAR = 'barlowtwins_resnet18-stem7_1xb256-coslr-8e_cifar10'


@pytest.fixture(scope='module')
def index():
    found = modelindex.load(str(ROOT / 'model-index.yml'))
    found.build_models_with_collections()
    return found


def test_mims_library_reads_all_of_it(index):
    assert index.check(silent=True) == []
    assert index.check_errors == set()
    assert len(index.models) > 10
    for model in index.models:
        assert (ROOT / model.config).is_file()
        assert model.in_collection in {collection.name for collection in index.collections}


def test_numbers_are_the_means_of_the_records_over_seeds(index):
    model = next(model for model in index.models if model.name == DIGITS)
    found = [
        record.metrics['top1_k10']
        for record in records.read_folder(RECORDS)
        if (record.pretrain_config, record.model, record.task) == (DIGITS, 'barlowtwins', 'knn')
    ]
    assert len(found) == 3
    result = next(result for result in model.results if result.task == 'knn')
    assert result.metrics['knn top1_k10'] == pytest.approx(mean(found), abs=0.005)
    assert model.metadata.data['Epochs'] == 70
    assert model.metadata.data['Batch Size'] == 128


def test_a_reduced_result_says_so(index):
    model = next(model for model in index.models if model.name == CIFAR)
    assert '8 epochs' in model.metadata.data['Reduced']
