"""What the record of a run says of it, and where a run says it."""

import pytest
from mmengine.registry import VISBACKENDS
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend

from mmbarlow.config import load_config
from mmbarlow.zoo import records


def record_of(config, tmp_path, monkeypatch, **export):
    """The record of three steps of the config."""
    monkeypatch.setattr('sys.argv', ['tools/train.py', 'my config.py'])
    cfg = load_config(config, work_dir=str(tmp_path))
    cfg.merge_from_dict(
        dict(
            default_hooks=dict(export=export),
            train_cfg=dict(max_epochs=1, val_interval=9),
            param_scheduler=dict(warmup=0),
            train_dataloader=dict(
                batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(indices=24)
            ),
            model=dict(backbone=dict(base_channels=8, stem_channels=8), neck=dict(in_channels=64)),
        )
    )
    Runner.from_cfg(cfg).train()
    (record,) = records.read_folder(tmp_path / 'records')
    return record


def test_a_record_names_model_and_data_set_by_the_config_and_the_command_by_the_process(
    digits_config, tmp_path, monkeypatch
):
    record = record_of(digits_config, tmp_path, monkeypatch)
    assert (record.model, record.dataset, record.scale) == ('barlowtwins', 'digits', 'full')
    assert record.command == "python tools/train.py 'my config.py'"
    assert record.config == record.pretrain_config == digits_config.stem


def test_a_name_of_the_users_own_is_recorded_by_its_classes(digits_config, tmp_path, monkeypatch):
    """The classes are right where the name may say anything."""
    (mine := tmp_path / 'mine.py').write_text(f'_base_ = {str(digits_config)!r}\n')
    record = record_of(mine, tmp_path, monkeypatch)
    assert (record.model, record.dataset, record.config) == ('barlowtwins', 'digits', 'mine')


def test_what_the_hook_is_told_goes_before_what_it_reads(digits_config, tmp_path, monkeypatch):
    told = dict(model='vicreg', dataset='moths', scale='24 images', command='make table')
    record = record_of(digits_config, tmp_path, monkeypatch, **told)
    assert {key: getattr(record, key) for key in told} == told


@pytest.mark.parametrize(
    ('stem', 'name'),
    [('my cfg', 'my-cfg'), ('v1+aug', 'v1-aug'), ('Cfg-(1)', 'Cfg-1'), ('Käfer 甲', 'Käfer-甲')]
    + [('שלום', 'unnamed')],
)
def test_any_name_of_a_config_has_a_record(stem, name, run_tool, digits_config, small, tmp_path):
    told = "default_hooks = dict(export=dict(dataset='My Photos', model='a/b'))"
    (own := tmp_path / f'{stem}.py').write_text(
        f'_base_ = {str(digits_config)!r}\n{told}\n', encoding='utf-8'
    )
    status, _, err = run_tool(
        *('train.py', own, '--work-dir', tmp_path / 'out', '--scale', 'two\nlines'),
        *('--cfg-options', *small),
    )
    assert status == 0, err
    assert (tmp_path / 'out' / f'{stem}_backbone.pth').is_file()
    (record,) = records.read_folder(tmp_path / 'out' / 'records')
    assert (record.config, record.dataset, record.model) == (name, 'My-Photos', 'a-b')
    assert record.scale == 'two lines'


def test_a_name_that_is_too_long_for_files_is_refused_before_the_first_step(
    run_tool, digits_config, small, tmp_path
):
    (own := tmp_path / f'{"a" * 245}.py').write_text(f'_base_ = {str(digits_config)!r}\n')
    status, _, err = run_tool(
        'train.py', own, '--work-dir', tmp_path / 'out', '--cfg-options', *small
    )
    assert status == 2
    assert 'systems take up to 255: give the config a shorter name' in err
    assert not (tmp_path / 'out').exists()


def test_a_folder_that_takes_no_records_is_found_before_the_first_step(
    run_tool, digits_config, small, tmp_path
):
    (tmp_path / 'records').touch()
    status, _, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small
    )
    assert status == 2
    assert f'records cannot be written to {tmp_path}/records' in err
    assert [path.name for path in tmp_path.iterdir()] == ['records']


def test_a_record_that_cannot_be_written_is_a_warning_and_the_result_is_there(
    run_tool, digits_config, small, tmp_path
):
    name = f'barlowtwins--{digits_config.stem}--seed0.json'
    (tmp_path / 'records' / name).mkdir(parents=True)
    status, out, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *small
    )
    assert status == 0, err
    assert 'warning: The training is done, but has no record: cannot write' in out
    assert (tmp_path / f'{digits_config.stem}_backbone.pth').is_file()


@VISBACKENDS.register_module()
class Elsewhere(LocalVisBackend):
    """Stands for TensorBoard, which writes no scalars.json."""

    def add_scalars(self, scalar_dict, step=0, file_path=None, **kwargs) -> None:
        pass


def test_a_run_that_logs_elsewhere_alone_has_its_curve_all_the_same(
    run_tool, digits_config, small, tmp_path
):
    backends = "dict(type='Visualizer', vis_backends=[dict(type='Elsewhere')])"
    (own := tmp_path / 'own.py').write_text(
        f'_base_ = {str(digits_config)!r}\nvisualizer = {backends}\n'
    )
    status, _, err = run_tool(
        'train.py', own, '--work-dir', tmp_path / 'out', '--cfg-options', *small
    )
    assert status == 0, err
    (record,) = records.read_folder(tmp_path / 'out' / 'records')
    assert record.curve[0]['loss'] == record.metrics['loss'] > 0
