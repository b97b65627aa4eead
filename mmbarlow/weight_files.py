"""Files of weights: pickles of torch and safetensors, read so that nothing in them runs."""

import functools
import json
import mmap
import os
import re
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from mmbarlow.addresses import ADDRESS
from mmbarlow.errors import InputError

RESAVE = (
    'It asks for {named}. If you trust it, save its tensors alone in the environment that wrote '
    "it: torch.save(dict(state_dict=torch.load('{path}', weights_only=False)['state_dict']), FILE)."
)
SAFE = '.safetensors'
UNPACKED = 20  # times the size of a file that its content may have
BYTEARRAY = re.compile(rb'c(builtins|__builtin__)\nbytearray\n')  # of a pickle
META_KEY = 'mmbarlow'  # in the metadata of safetensors, whose values are texts


def is_array(value: Any) -> bool:
    """Whether it is a tensor of real numbers, all of them there."""
    whole = isinstance(value, Tensor) and value.layout is torch.strided
    if not whole or value.is_meta or value.is_quantized or value.is_complex():
        return False
    # One number can be expanded to a tensor that fits in no memory once it is used.
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def read_plain(path: str | Path, map_location: Any = 'cpu') -> dict:
    """A file of weights of any code: safetensors, or a pickle read with `weights_only=True`, which
    refuses a hostile one. What safetensors hold comes as `state_dict`, with `meta` if they have it.

    Raises:
        InputError: the file is missing, damaged (see `check_digest`) or no checkpoint, or holds
            more than tensors and plain values.
    """
    if ADDRESS.match(str(path)):
        raise InputError(f'{path} is an address: download it, and give the file of the weights.')
    if '\0' in str(path) or not os.path.lexists(path):
        raise InputError(f'there is no checkpoint {path}.')
    if Path(path).is_dir():
        raise InputError(f'{path} is a folder: give a checkpoint file in it.')
    if not Path(path).is_file():
        raise InputError(f'{path} is no file: give a checkpoint.')
    try:
        _check_size(path)
        check_digest(path)
        if _is_safetensors(path):
            checkpoint = _read_safetensors(path)
        else:
            _check_calls(path)
            checkpoint = torch.load(path, map_location=map_location, weights_only=True)
            _check_room(path, checkpoint)
    except InputError:
        raise
    except Exception as error:  # a broken file can raise any of them
        named = re.search(r'GLOBAL ([\w.]+)', str(error))
        raise InputError(
            f'{path} is damaged, or is no checkpoint of tensors and plain values: other content is '
            'not loaded, since unpickling it could run any code.'
            + (f' {RESAVE.format(named=named[1], path=path)}' if named else '')
        ) from error
    if not isinstance(checkpoint, dict):
        raise InputError(f'{path} holds a {type(checkpoint).__name__}, not a dict of tensors.')
    return checkpoint


def glance(path: str | Path) -> dict:
    """What a file of torch holds, its tensors without content; empty if it cannot be read."""
    try:
        _check_size(path)
        _check_calls(path)
        content = torch.load(path, map_location='meta', weights_only=True)
    except Exception:  # as in read_plain
        return {}
    return content if isinstance(content, dict) else {}


def check_digest(path: str | Path) -> None:
    """Compare a file of torch with the checksums (CRC32) in it, at which torch itself never looks.

    A file of other code may have none: with `torch.serialization.set_crc32_options(False)` all of
    them are 0.

    Raises:
        InputError: some bits are not those that were written.
    """
    if zipfile.is_zipfile(path):
        status = os.stat(path)
        _check_digest(str(path), status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=8)  # a start reads its checkpoint several times
def _check_digest(path: str, *_: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            damaged = archive.testzip() if any(member.CRC for member in members) else None
            # torch reads nothing, and leaves what was in memory, where a bit says that it is one
            folders = [member.filename for member in members if member.external_attr & 0x10]
    except Exception as error:  # a flipped bit in a header can raise any of them
        raise InputError(f'{path} is damaged: {error}.') from error
    if damaged is not None:
        raise InputError(f'{path} is damaged: the checksum of its part {damaged} does not fit.')
    if folders:
        raise InputError(f'{path} is damaged: its part {folders[0]} says that it is a folder.')


def write_safetensors(content: dict, path: Path) -> None:
    """Write the tensors of `content`, by name or in its `state_dict`, with its `meta` as JSON.

    Raises:
        InputError: the package safetensors is not installed.
    """
    metadata = {'format': 'pt'}
    if 'meta' in content:
        metadata[META_KEY] = json.dumps(content['meta'])
    tensors = content.get('state_dict', content)
    path.write_bytes(_library(path).torch.save(tensors, metadata))


def _library(path: object) -> ModuleType:
    try:
        import safetensors.torch
    except ImportError as error:
        raise InputError(f'{path} needs a package: pip install safetensors.') from error
    return safetensors


def _check_size(path: str | Path) -> None:
    """torch.save compresses nothing: an archive that unpacks to much more is there to do harm."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            whole = sum(member.file_size for member in archive.infolist())
        if whole > _most(path):
            raise InputError(f'{path} unpacks to {whole / 2**30:.1f} GiB: it is no checkpoint.')


def _most(path: str | Path) -> int:
    """Bytes that a file may hold once it is read."""
    return UNPACKED * os.path.getsize(path) + 2**20


def _check_calls(path: str | Path) -> None:
    """torch's reader makes a bytearray of any length that a file asks for; torch.save writes none.

    What it refuses by itself, it refuses when it reads.
    """
    with open(path, 'rb') as file:
        if file.read(4) == b'PK\x03\x04':
            pickled = torch._C.PyTorchFileReader(str(path)).get_record('data.pkl')
            found = BYTEARRAY.search(pickled)
        else:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                found = BYTEARRAY.search(whole)
    if found:
        raise InputError(f'{path} asks for a bytearray: it is no checkpoint.')


def _check_room(path: str | Path, checkpoint: Any) -> None:
    """Tensors that a file asks for by their size alone are no checkpoint, either."""
    room, stack, seen = 0, [checkpoint], set()
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor) and value.layout is torch.strided and not value.is_meta:
            storage = value.untyped_storage()
            room += 0 if storage.data_ptr() in seen else storage.nbytes()
            seen.add(storage.data_ptr())
        elif isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list | tuple | set):
            stack += value
    if room > _most(path):
        raise InputError(f'{path} asks for {room / 2**30:.1f} GiB: it is no checkpoint.')


def _is_safetensors(path: str | Path) -> bool:
    """By its content, a length and a JSON object; by its name where that is no archive of torch."""
    with open(path, 'rb') as file:
        start = file.read(9)
    named = str(path).endswith(SAFE) and not zipfile.is_zipfile(path)
    return named or start[8:] == b'{' and start[5:8] == bytes(3)


def _read_safetensors(path: str | Path) -> dict:
    library = _library(path)
    try:
        with library.safe_open(path, 'pt') as file:
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
            metadata = file.metadata() or {}
    except library.SafetensorError as error:
        raise InputError(f'{path} is damaged or no safetensors file: {error}.') from error
    if META_KEY not in metadata:
        return tensors
    return dict(state_dict=tensors, meta=json.loads(metadata[META_KEY]))
