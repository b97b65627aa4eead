import os
import zipfile

import pytest

from mmbarlow.datasets.zip_members import Member, read_member


@pytest.mark.parametrize('system', ['with pread', 'without'])
@pytest.mark.parametrize('method', [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_in_any_order_with_and_without_pread(
    system, method, tmp_path, monkeypatch
):
    archive = str(tmp_path / 'a.zip')
    content = {name: os.urandom(50) * 1000 + b'\r\n\x1a' for name in 'abc'}
    with zipfile.ZipFile(archive, 'w', method) as file:
        for name, data in content.items():
            file.writestr(name, data)
        infos = file.infolist()
    if system == 'without':
        monkeypatch.delattr(os, 'pread')
    for i in (*reversed(infos), *infos):
        member = Member(i.header_offset, i.compress_size, i.compress_type, i.file_size, i.CRC)
        assert read_member(archive, member) == content[i.filename]
