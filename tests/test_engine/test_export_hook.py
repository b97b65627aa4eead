"""What the record of a run says of it, and where a run says it."""

from mmengine.runner import Runner

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
