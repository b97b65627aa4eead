import json
from dataclasses import asdict, fields

import pytest

from mmbarlow.zoo import records, schema


def test_a_record_reads_back_as_written(make_record, tmp_path):
    record = make_record(curve=[dict(epoch=1, loss=3.5), dict(epoch=2, loss=1.25)])
    path = records.write(record, tmp_path / 'new' / 'folder')
    assert records.read(path) == record
    assert records.read_folder(path.parent) == [record]


def test_every_field_has_a_rule_and_every_rule_a_field():
    assert list(schema.FIELDS) == [field.name for field in fields(records.Record)]


def test_the_file_name_tells_rows_and_seeds_apart(make_record):
    variants = [
        make_record(),
        make_record(seed=1),
        make_record(config='linear_digits'),
        make_record(pretrain_config='another'),
        make_record(model='untrained', pretrain_config='pretrain_digits'),
        make_record(model='pixels'),
    ]
    names = [records.file_name(record) for record in variants]
    assert len(set(names)) == len(names)
    assert names[0] == 'barlowtwins--pretrain_digits--knn_digits--seed0.json'
    assert names[-1] == 'pixels--knn_digits--seed0.json'
    pretraining = make_record(task='pretrain', config='pretrain_digits')
    assert records.file_name(pretraining) == 'barlowtwins--pretrain_digits--seed0.json'


def test_a_finished_result_is_not_overwritten_without_force(make_record, tmp_path):
    path = records.write(make_record(), tmp_path)
    better = make_record(metrics=dict(top1_k10=99.0))
    with pytest.raises(ValueError, match='exists already: give --force'):
        records.write(better, tmp_path)
    assert records.read(path) == make_record()
    records.write(better, tmp_path, force=True)
    assert records.read(path) == better


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    make_record, tmp_path, monkeypatch
):
    path = records.write(make_record(), tmp_path)

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr('os.replace', interrupted)
    with pytest.raises(KeyboardInterrupt):
        records.write(make_record(metrics=dict(top1_k10=1.0)), tmp_path, force=True)
    assert records.read(path) == make_record()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ('field', 'wrong'),
    [
        ('config', '../evil'),
        ('config', ''),
        ('task', 'kNN'),
        ('dataset', None),
        ('metrics', {}),
        ('metrics', dict(top1='97')),
        ('metrics', dict(top1=float('nan'))),
        ('metrics', dict(top1=dict(k10=97.0))),
        ('model', 'a b'),
        ('pretrain_config', 3),
        ('checkpoint_sha256', 'abc'),
        ('seed', -1),
        ('seed', True),
        ('seed', 0.5),
        ('commit', 'main'),
        ('versions', {}),
        ('hardware', ' '),
        ('wall_time_s', -1.0),
        ('date', '20-11-2026'),
        ('date', '2026-02-30'),
        ('scale', ''),
        ('command', 'one\ntwo'),
        ('benchmark_seed', -1),
        ('benchmark_seed', None),
        ('curve', []),
        ('curve', [dict(loss='low')]),
        ('recipe_changed', ''),
        ('recipe_changed', 'one\ntwo'),
    ],
)
def test_an_invalid_field_is_named_with_the_file_and_the_cure(make_record, tmp_path, field, wrong):
    path = tmp_path / 'record.json'
    path.write_text(json.dumps(asdict(make_record()) | {field: wrong}))
    with pytest.raises(ValueError, match=f"record.json: the field '{field}' must be ") as error:
        records.read(path)
    assert schema.FIELDS[field][1] in str(error.value)
    assert '\n' not in str(error.value)
    with pytest.raises(ValueError, match=f"the field '{field}' must be"):
        records.write(make_record(**{field: wrong}), tmp_path / 'zoo')
    assert not (tmp_path / 'zoo').exists()


def test_missing_and_unknown_fields_are_named(make_record, tmp_path):
    path = tmp_path / 'record.json'
    data = asdict(make_record())
    del (
        data['curve'],
        data['benchmark_seed'],
        data['recipe_changed'],
    )  # the only ones that may be left out
    path.write_text(json.dumps(data))
    assert records.read(path) == make_record()
    path.write_text(json.dumps(data | dict(accuracy=97)))
    with pytest.raises(ValueError, match="record.json: remove the unknown field 'accuracy'"):
        records.read(path)
    del data['scale']
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match="add the missing field 'scale': 'full', or one sentence"):
        records.read(path)


@pytest.mark.parametrize('field', ['pretrain_config', 'checkpoint_sha256'])
def test_a_trained_model_without_its_origin_is_refused(make_record, tmp_path, field):
    with pytest.raises(ValueError, match=f"'{field}' may be null only where the model is untrain"):
        records.write(make_record(**{field: None}), tmp_path)
    records.write(make_record(model='pixels'), tmp_path)


@pytest.mark.parametrize(
    ('text', 'message'), [('{"a": ', 'is not JSON'), ('[1]', 'one JSON object')]
)
def test_a_broken_file_is_named(tmp_path, text, message):
    path = tmp_path / 'broken.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=f'broken.json.*{message}'):
        records.read(path)
    with pytest.raises(ValueError, match=r'missing.json cannot be read: No such file'):
        records.read(tmp_path / 'missing.json')


def test_a_record_in_the_file_of_another_is_found(make_record, tmp_path):
    path = records.write(make_record(), tmp_path)
    path.rename(tmp_path / 'other.json')
    with pytest.raises(ValueError, match=r'other.json: its fields ask for the name barlowtwins--'):
        records.read_folder(tmp_path)


def test_the_seed_of_the_benchmark_is_in_the_file_and_its_name_unless_0(make_record, tmp_path):
    second = make_record(benchmark_seed=1)
    path = records.write(second, tmp_path)
    assert path.name == 'barlowtwins--pretrain_digits--knn_digits--seed0--run1.json'
    assert records.read(path) == second
    assert 'benchmark_seed' not in records.to_json(make_record())
    assert 'recipe_changed' not in records.to_json(make_record())


def test_two_files_for_one_row_are_both_named(make_record, tmp_path):
    path = records.write(make_record(), tmp_path)
    (tmp_path / 'copy.json').write_text(path.read_text())
    with pytest.raises(ValueError, match=r'copy.json and .*--seed0.json are records of one row'):
        records.read_folder(tmp_path)
