"""Objects beside the tensors: known ones are passed over, none is ever made."""

import sys
from types import ModuleType

import pytest
import torch

from mmbarlow.convert.foreign_files import read_foreign
from mmbarlow.errors import InputError


@pytest.fixture
def foreign_class(monkeypatch):
    """A class that notes when it is made, in a module of the given name."""

    def make(module: str, name: str, base: type = object) -> tuple[type, list]:
        made = []

        def note(self, *arguments) -> None:
            made.append(arguments)

        kind = type(name, (base,), dict(__module__=module, __setstate__=note, __init__=note))
        parts = module.split('.')
        for end in range(1, len(parts) + 1):
            fake = ModuleType('.'.join(parts[:end]))
            monkeypatch.setitem(sys.modules, fake.__name__, fake)
        setattr(fake, name, kind)
        return kind, made

    return make


@pytest.mark.parametrize(
    ('module', 'name', 'base'),
    [
        ('omegaconf.dictconfig', 'DictConfig', object),
        ('pytorch_lightning.utilities.parsing', 'AttributeDict', dict),
        ('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint', object),
    ],
)
def test_settings_of_other_libraries_are_passed_over(module, name, base, foreign_class, tmp_path):
    kind, made = foreign_class(module, name, base)
    settings = kind()
    settings.__dict__.update(lr=0.1)
    if base is dict:
        settings['lr'] = 0.1
    torch.save({'state_dict': dict(w=torch.ones(2)), kind: 1, 'x': settings}, tmp_path / 'a.ckpt')
    made.clear()
    found = read_foreign(tmp_path / 'a.ckpt')
    assert found['state_dict']['w'].tolist() == [1, 1]
    assert not isinstance(found['x'], kind)
    assert made == []


def test_an_unknown_class_is_refused_by_name_with_the_cure(foreign_class, tmp_path):
    kind, made = foreign_class('elsewhere.settings', 'Settings')
    torch.save(dict(state_dict=dict(w=torch.ones(2)), x=kind()), tmp_path / 'a.ckpt')
    made.clear()
    with pytest.raises(InputError, match=r'asks for elsewhere.settings.Settings\. .* torch.save'):
        read_foreign(tmp_path / 'a.ckpt')
    assert made == []


def test_what_is_passed_over_here_is_refused_again_afterwards(foreign_class, tmp_path):
    kind, _ = foreign_class('omegaconf.dictconfig', 'DictConfig')
    torch.save(dict(x=kind()), tmp_path / 'a.ckpt')
    read_foreign(tmp_path / 'a.ckpt')
    with pytest.raises(Exception, match='omegaconf.dictconfig.DictConfig'):
        torch.load(tmp_path / 'a.ckpt', weights_only=True)


@pytest.mark.parametrize('content', [b'', b'\x80', b'no pickle', b'PK\x03\x04 no zip', bytes(99)])
def test_garbage_is_refused(content, tmp_path):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(InputError, match='is no checkpoint of tensors and plain values'):
        read_foreign(tmp_path / 'a.pth')


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(InputError, match='there is no checkpoint .*nowhere.pth'):
        read_foreign(tmp_path / 'nowhere.pth')
    with pytest.raises(InputError, match='is a folder'):
        read_foreign(tmp_path)
