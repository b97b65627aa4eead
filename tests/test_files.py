"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically


def test_text_and_what_a_function_writes_come_out_with_folders_and_rights(tmp_path):
    text, binary = tmp_path / 'new' / 'a.txt', tmp_path / 'new' / 'b.bin'
    write_atomically(text, 'café\n')
    write_atomically(binary, lambda path: path.write_bytes(b'\0\1'))
    assert text.read_text(encoding='utf-8') == 'café\n'
    assert binary.read_bytes() == b'\0\1'
    assert oct(text.stat().st_mode)[-3:] == '644'


@pytest.mark.parametrize('error', [OSError('no space left'), RuntimeError('write failed')])
def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path, error):
    path = tmp_path / 'a.txt'
    path.write_text('old')

    def half(temporary: Path) -> None:
        temporary.write_text('ne')
        raise error

    with pytest.raises(InputError, match=r'cannot write .*a\.txt: (no space|write failed)'):
        write_atomically(path, half)
    assert [p.name for p in tmp_path.iterdir()] == ['a.txt']
    assert path.read_text() == 'old'


def test_an_interruption_leaves_no_temporary_file(tmp_path):
    def interrupted(temporary: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / 'a.txt', interrupted)
    assert list(tmp_path.iterdir()) == []
