"""Whatever in a config decides what is computed is told when it changes, and nothing else is."""

import math

import pytest
from mmengine.dataset import BaseDataset

from mmbarlow.config import load_config
from mmbarlow.engine.run_facts import digest_of_names
from mmbarlow.engine.run_settings import changed_settings, changes, settings_of

TOLD = {
    "sync_bn='mmcv'": "sync_bn 'torch', now 'mmcv'",
    'env_cfg.cudnn_benchmark=False': 'env_cfg.cudnn_benchmark True, now False',
    'randomness.deterministic=True': 'randomness.deterministic None, now True',
    'model.data_preprocessor.mean=1.0': 'model.data_preprocessor.mean.0 123.675, now None',
    'model.chunk_size=16': 'model.chunk_size None, now 16',
    'model.head.lambd=0.1': 'model.head.lambd 0.0051, now 0.1',
    'default_hooks.tf32=None': "default_hooks.tf32.type 'mmbarlow.TF32Hook', now None",
    "custom_hooks=[dict(type='EMAHook')]": "custom_hooks.EMAHook.type None, now 'EMAHook'",
    "auto_scale_lr=dict(base_batch_size=8)": 'auto_scale_lr.base_batch_size None, now 8',
    "optim_wrapper.type='AmpOptimWrapper'": "optim_wrapper.type 'OptimWrapper', now 'Amp",
    'train_dataloader.drop_last=False': 'train_dataloader.drop_last True, now False',
}  # fmt: skip
SILENT = [
    *('train_dataloader.num_workers=3', 'default_hooks.logger.interval=1', 'val_cfg.stage=7'),
    *('default_hooks.checkpoint.interval=1', 'train_cfg.val_interval=3', "work_dir='x'"),
    *("custom_hooks=[dict(type='mmbarlow.TimeLimitHook', minutes=1)]", "log_level='DEBUG'"),
]


@pytest.fixture
def changed(digits_config):
    def of(option: str) -> list[str]:
        key, _, value = option.partition('=')
        meta = dict(settings=settings_of(load_config(digits_config)), versions={})
        cfg = load_config(digits_config)
        cfg.merge_from_dict({key: eval(value)})
        return changed_settings(meta, cfg)

    return of


@pytest.mark.parametrize('option', TOLD)
def test_what_decides_is_told_with_old_and_new_value(option, changed):
    (told, *_) = changed(option)
    assert told.startswith(TOLD[option])


@pytest.mark.parametrize('option', SILENT)
def test_what_decides_nothing_is_not_told(option, changed):
    assert changed(option) == []


def test_a_hook_more_is_told_alone(digits_config):
    hooks = [dict(type='EMAHook', momentum=0.1), dict(type='EMAHook')]
    cfg = load_config(digits_config, {'custom_hooks': hooks})
    meta = dict(settings=settings_of(cfg), versions={})
    cfg.custom_hooks = [dict(type='mmpretrain.SimSiamHook', lr=1), *hooks]
    assert changed_settings(meta, cfg) == [
        "custom_hooks.SimSiamHook.type None, now 'mmpretrain.SimSiamHook'",
        'custom_hooks.SimSiamHook.lr None, now 1',
    ]


def test_long_lists_and_many_changes_are_told_shortly(digits_config):
    cfg = load_config(digits_config)
    cfg.train_dataloader.dataset.indices = list(range(5000))
    saved = settings_of(cfg)
    assert saved['train_dataloader.dataset.indices'].startswith('5000 entries (')
    cfg.train_dataloader.dataset.indices[7] = 0
    (told,) = changes(saved, settings_of(cfg))
    assert told.startswith("train_dataloader.dataset.indices '5000 entries (")
    many = changes({}, {str(i): i for i in range(500)})
    assert len(many) == 33
    assert many[-1] == 'and 468 more'


def test_a_function_is_the_same_in_each_process_and_nan_is_itself(digits_config):
    cfg, other = load_config(digits_config), load_config(digits_config)
    cfg.model.head.form, other.model.head.form = (lambda: 1), (lambda: 1)
    cfg.model.head.lambd = other.model.head.lambd = math.nan
    assert changes(settings_of(cfg), settings_of(other)) == []


def test_a_checkpoint_of_an_older_version_is_compared_in_what_it_holds(digits_config):
    cfg = load_config(digits_config)
    older = {k: v for k, v in settings_of(cfg).items() if k.startswith(('model.', 'train_data'))}
    older |= {k: v for k, v in settings_of(cfg).items() if k.startswith(('optim', 'param', 'tr'))}
    cfg.custom_hooks = [dict(type='EMAHook')]
    assert changed_settings(dict(settings=older), cfg) == []


class Named(BaseDataset):
    def __init__(self, names: list[str], labels: list[int] | None = None, **kwargs) -> None:
        self.names, self.labels = names, labels or [0] * len(names)
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict]:
        pairs = zip(self.names, self.labels, strict=True)
        return [dict(img_path=name, gt_label=label) for name, label in pairs]


@pytest.mark.parametrize('serialize', [True, False])
def test_the_hash_of_names_sees_each_name_label_and_place_but_not_the_root(serialize):
    def digest(*arguments):
        return digest_of_names(Named(*arguments, serialize_data=serialize))

    names = [f'/data/train/{c}/{i}.jpg' for c in 'ab' for i in range(50)]
    own = digest(names)
    assert own == digest([name.replace('/data', 'other/place') for name in names])
    assert own == digest_of_names(Named(names))
    renamed, swapped = list(names), list(names)
    renamed[41] = '/data/train/a/x.jpg'
    swapped[3], swapped[4] = swapped[4], swapped[3]
    labels = [0] * 99 + [1]
    assert len({own, digest(renamed), digest(swapped), digest(names, labels)}) == 4


def test_the_hash_of_images_in_arrays_is_of_their_numbers(digits_config):
    from mmbarlow.datasets.digits import Digits

    train, test = Digits('train', pipeline=[]), Digits('test', pipeline=[])
    assert digest_of_names(train) == digest_of_names(Digits('train', pipeline=[]))
    assert digest_of_names(train) != digest_of_names(test)
    assert digest_of_names(range(3)) is None
