"""Fifty files that would do harm, of every kind that a tool takes: nothing runs, nothing is written
elsewhere, and each ends in one sentence."""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

CALLS = {
    'system': (b'posix', b'system', b'touch {}'),
    'popen': (b'subprocess', b'getoutput', b'touch {}'),
    'eval': (b'builtins', b'eval', b"open('{}', 'w')"),
    'exec': (b'builtins', b'exec', b"open('{}', 'w')"),
    'open': (b'_io', b'open', b'{}'),
    'runpy': (b'runpy', b'run_path', b'{}'),
    'jit': (b'torch.jit', b'load', b'{}'),
    'load': (b'torch', b'load', b'{}'),
}


def call(name: str, owned: Path) -> bytes:
    """A pickle in a dict that makes a call."""
    module, function, text = CALLS[name]
    text = text.replace(b'{}', str(owned).encode())
    argument = b'X' + struct.pack('<I', len(text)) + text
    return (
        b'\x80\x02}X\x01\x00\x00\x00ac' + module + b'\n' + function + b'\n' + argument + b'\x85Rs.'
    )


def archive(path: Path, content: bytes, method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, 'w', method) as file:
        for name, data in (('data.pkl', content), ('version', b'3\n'), ('byteorder', b'little')):
            file.writestr(f'archive/{name}', data)


def number(n: int) -> bytes:
    return b'\x8a\x08' + struct.pack('<q', n)


def asking(module: bytes, name: bytes) -> bytes:
    """A pickle that asks for an object of 8 GB."""
    start = b'\x80\x02}X\x01\x00\x00\x00a'
    return start + b'c' + module + b'\n' + name + b'\n' + number(8 * 10**9) + b'\x85Rs.'


def tar_slip(path: Path) -> None:
    with tarfile.open(path, 'w') as file:
        for name in ('../owned', '/tmp/owned', 'storages', 'pickle'):
            file.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo('link')
        link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
        file.addfile(link)


def safetensors(header: bytes, length: int | None = None) -> Callable[[Path], object]:
    start = struct.pack('<Q', len(header) if length is None else length)
    return lambda path: path.write_bytes(start + header)


def pickled(content: object) -> Callable[[Path], object]:
    return lambda path: torch.save(content, path)


WEIGHTS: dict[str, Callable[[Path], object]] = {
    **{f'{n} in a zip': lambda p, n=n: archive(p, call(n, p.parent / 'owned')) for n in CALLS},
    **{f'{n} alone': lambda p, n=n: p.write_bytes(call(n, p.parent / 'owned')) for n in CALLS},
    'packed call': lambda p: archive(p, call('eval', p.parent / 'owned'), zipfile.ZIP_DEFLATED),
    'bytearray': lambda p: archive(p, asking(b'builtins', b'bytearray')),
    'packed bytearray': lambda p: archive(
        p, asking(b'builtins', b'bytearray'), zipfile.ZIP_DEFLATED
    ),
    'old bytearray': lambda p: p.write_bytes(asking(b'__builtin__', b'bytearray')),
    'tensor of a size': lambda p: archive(p, asking(b'torch', b'FloatTensor')),
    'deep pickle': lambda p: archive(p, b'\x80\x02' + b'(' * 10**6 + b'l' * 10**6 + b'.'),
    'long string': lambda p: archive(p, b'\x80\x02X\xff\xff\xff\x7fabc.'),
    'tar slip': tar_slip,
    'header of 8 EB': safetensors(b'{}', 2**63 - 1),
    'deep header': safetensors(b'[' * 10**6),
    'tensor beyond the file': safetensors(
        b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'
    ),
    'deep metadata': safetensors(b'{"__metadata__":{"mmbarlow":"' + b'[' * 100_000 + b'"}}'),
    'pickled bytes': lambda p: p.write_bytes(pickle.dumps(Path, protocol=5)),
    'device file': lambda p: p.symlink_to('/dev/zero'),
    'config': pickled(dict(state_dict={}, meta=dict(cfg="open('owned', 'w')"))),
}


@pytest.mark.parametrize('name', WEIGHTS)
def test_weights(name, run_tool, tmp_path):
    WEIGHTS[name](tmp_path / 'a.pth')
    check(run_tool('convert_checkpoint.py', tmp_path / 'a.pth', tmp_path / 'b.pth'))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.pth']


def check(answer: tuple[int, str, str]) -> None:
    status, _, err = answer
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert (status, 'Traceback' in err) == (2, False)
    assert line.isprintable()
    assert len(line) < 600


def zipped(name: str, **changes: int) -> Callable[[Path], object]:
    """A zip file with fields of the entry in its directory changed, by their place in it."""

    def write(path: Path) -> None:
        picture = io.BytesIO()
        Image.new('RGB', (8, 8)).save(picture, 'PNG')
        with zipfile.ZipFile(path, 'w') as file:
            file.writestr(name, picture.getvalue())
        data = bytearray(path.read_bytes())
        entry = data.index(b'PK\x01\x02')
        for place, value in changes.items():
            struct.pack_into('<H', data, entry + int(place[1:]), value)
        path.write_bytes(data)

    return write


ARCHIVES: dict[str, Callable[[Path], object]] = {
    'encrypted': zipped('a.png', _8=1),
    'method 99': zipped('a.png', _10=99),
    'version 99': zipped('a.png', _6=99),
    'far away': zipped('a.png', _44=0x7FFF),
    'long': zipped('a.png', _22=0x7FFF),
    'name past the end': zipped('a.png', _28=0xFFFF),
    'extra of zip64': zipped('a.png', _30=0xFFF0),
    'no image': zipped('../../owned.sh'),
}


READ = ('name past the end', 'extra of zip64')  # lengths that Python corrects


@pytest.mark.parametrize('name', ARCHIVES)
def test_archives(name, run_tool, tmp_path):
    ARCHIVES[name](tmp_path / 'a.zip')
    answer = run_tool('verify_images.py', tmp_path / 'a.zip', '--output', tmp_path / 'x.txt')
    if name in READ:
        assert (answer[0] < 2, answer[2]) == (True, '')
    else:
        check(answer)
    assert {path.name for path in tmp_path.iterdir()} <= {'a.zip', 'x.txt'}


RECORDS = {
    'deep': '[' * 200_000,
    'digits': '{"seed": ' + '9' * 10_000 + '}',
    'twins': '{"seed": 1, "seed": 2}',
    'not a number': '{"seed": NaN}',
    'control': json.dumps({'scale': '\x1b]0;owned\x07'}),
}


@pytest.mark.parametrize('name', RECORDS)
def test_records(name, run_tool, tmp_path):
    (tmp_path / 'a.json').write_text(RECORDS[name])
    check(run_tool('model_zoo.py', '--add', tmp_path / 'a.json'))


COCO = {
    'deep': '{"images": ' + '[' * 100_000,
    'nested file names': json.dumps(
        dict(images=[dict(id=1, file_name=[[]])], categories=[], annotations=[])
    ),
    'digits': '{"images": [' + '9' * 10_000 + ']}',
    'text': '\x00\x01',
}


@pytest.mark.parametrize('name', COCO)
def test_annotations(name, run_tool, tmp_path):
    for split in ('train', 'val'):
        (tmp_path / f'{split}2018.json').write_text(COCO[name])
    check(run_tool('converters/inat18.py', tmp_path))


LINES = {
    'without an end': b'a' * 50_000_000,
    'zero bytes': b'a\x00b.jpg x\n',
    'digits': 'a.jpg ²\n'.encode(),
    'bytes': b'\xff\xfe a\n',
}


@pytest.mark.parametrize('name', LINES)
def test_lists(name, run_tool, tmp_path):
    folder = tmp_path / 'trainvalsplit_places205'
    folder.mkdir()
    for split in ('train', 'val'):
        (folder / f'{split}_places205.csv').write_bytes(LINES[name])
    check(run_tool('converters/places205.py', tmp_path))


def test_they_are_fifty():
    assert sum(map(len, (WEIGHTS, ARCHIVES, RECORDS, COCO, LINES))) >= 50


def test_an_image_that_is_a_program_for_ghostscript_is_no_image(run_tool, tmp_path):
    owned = tmp_path / 'owned'
    program = f'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({owned}) (w) file closefile\n'
    (tmp_path / 'a.jpg').write_text(program)
    status, out, _ = run_tool('verify_images.py', tmp_path, '--output', tmp_path / 'x.txt')
    assert status == 1
    assert '1 no image' in out
    assert not owned.exists()
