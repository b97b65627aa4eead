"""Read members of a zip file by their position in it, from any process."""

import errno
import os
import struct
import zipfile
import zlib
from functools import cache

LOCAL_HEADER = struct.Struct('<4s22xHH')  # signature; lengths of name and extra field at the end


@cache
def _descriptor(archive: str) -> int:
    """The opened archive. Forked workers share it safely, since `os.pread` moves no position."""
    return os.open(archive, os.O_RDONLY)


def read_member(archive: str, offset: int, size: int, method: int) -> bytes:
    """The content of a member.

    Args:
        archive: the zip file.
        offset: position of the member's local header, in bytes.
        size: compressed size of the member, in bytes.
        method: zipfile.ZIP_STORED or ZIP_DEFLATED.

    Raises:
        OSError: the archive does not exist, is cut off or damaged.
    """
    file = _descriptor(archive)
    signature, name, extra = LOCAL_HEADER.unpack(_read_exactly(file, LOCAL_HEADER.size, offset))
    if signature != b'PK\x03\x04':
        raise OSError(errno.EIO, 'the archive is damaged')
    data = _read_exactly(file, size, offset + LOCAL_HEADER.size + name + extra)
    if method == zipfile.ZIP_STORED:
        return data
    try:
        return zlib.decompress(data, -zlib.MAX_WBITS)
    except zlib.error:
        raise OSError(errno.EIO, 'the archive is damaged') from None


def _read_exactly(file: int, size: int, offset: int) -> bytes:
    data = b''
    while len(data) < size:
        more = os.pread(file, size - len(data), offset + len(data))
        if not more:
            raise OSError(errno.EIO, 'the archive is cut off')
        data += more
    return data
