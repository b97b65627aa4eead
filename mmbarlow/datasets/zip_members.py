"""Read members of a zip file by their position in it, from any process."""

import errno
import os
import struct
import threading
import zipfile
import zlib
from functools import cache
from typing import NamedTuple

from mmbarlow.datasets.size_limit import MAX_BYTES, TOO_LONG

LOCAL_HEADER = struct.Struct('<4s22xHH')  # signature; lengths of name and extra field at the end
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Member(NamedTuple):
    """What the directory of a zip file says of a member; it may say anything."""

    offset: int  # position of the member's local header, in bytes
    packed: int  # size in the archive, in bytes
    method: int  # zipfile.ZIP_STORED or ZIP_DEFLATED
    size: int  # of the content, in bytes
    crc: int  # CRC-32 of the content


_lock = threading.Lock()  # of the position, where reading moves it


@cache
def _descriptor(archive: str) -> int:
    """The opened archive. Forked workers share it safely, since `os.pread` moves no position."""
    return os.open(archive, os.O_RDONLY | getattr(os, 'O_BINARY', 0))


def _read_at(file: int, size: int, offset: int) -> bytes:
    if hasattr(os, 'pread'):
        return os.pread(file, size, offset)
    with _lock:  # Windows, which forks no workers that would share the position
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, size)


def read_member(archive: str, member: Member) -> bytes:
    """The content of a member of a zip file.

    Raises:
        OSError: the archive does not exist, is cut off or damaged; the content is larger than
            `MAX_BYTES`, or not what the directory says of it.
    """
    if max(member.packed, member.size) > MAX_BYTES:
        raise OSError(errno.EFBIG, TOO_LONG)
    file = _descriptor(archive)
    header = _read_exactly(file, LOCAL_HEADER.size, member.offset)
    signature, name, extra = LOCAL_HEADER.unpack(header)
    if signature != b'PK\x03\x04':
        raise OSError(errno.EIO, 'the archive is damaged')
    data = _read_exactly(file, member.packed, member.offset + LOCAL_HEADER.size + name + extra)
    if member.method == zipfile.ZIP_DEFLATED:
        data = _inflated(data, member.size)
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise OSError(errno.EIO, 'the archive is damaged')
    return data


def _inflated(data: bytes, size: int) -> bytes:
    """What deflate made `data` of, up to a byte more than `size`."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    except zlib.error:
        raise OSError(errno.EIO, 'the archive is damaged') from None


def _read_exactly(file: int, size: int, offset: int) -> bytes:
    data = b''
    while len(data) < size:
        more = _read_at(file, size - len(data), offset + len(data))
        if not more:
            raise OSError(errno.EIO, 'the archive is cut off')
        data += more
    return data
