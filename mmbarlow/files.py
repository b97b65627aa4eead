"""Writing files that a reader, or an interruption, finds whole or not at all."""

import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmbarlow.errors import InputError

TEMPORARY = '.mmbarlow-'  # how names of files begin that are being written
# A disk or a quota that is full, a limit on the size of files, a disk that has become read-only or
# has gone away.
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.ESTALE}


def write_atomically(path: Path, content: str | Callable[[Path], object]) -> None:
    """Write `path` so that a reader, or an interruption, finds the old content or the new.

    It is on the disk when this returns: a machine that loses its power then has it.

    Args:
        path: the file; its folder is made if it is not there.
        content: the text, or what writes the content to the path that it is given.

    Raises:
        InputError: nothing can be written there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp('.tmp', TEMPORARY, path.parent)
        os.close(handle)
        temporary = Path(name)
        if isinstance(content, str):
            temporary.write_text(content, encoding='utf-8')
        else:
            content(temporary)
        temporary.chmod(0o644)  # mkstemp's files are for the owner only
        synchronize(temporary)
        temporary.replace(path)
        temporary = None
        with suppress(OSError):  # some systems cannot open a folder
            synchronize(path.parent)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own, such as a full disk
        known = error if isinstance(error, OSError) else _reason(temporary)
        reason = known and known.strerror or str(error).splitlines()[0]
        raise InputError(f'cannot write {path}: {reason}.') from error
    finally:
        if temporary:
            with suppress(OSError):  # of a disk that is read-only by now
                temporary.unlink(missing_ok=True)


def synchronize(path: Path) -> None:
    """Return when the system has a file, or the names in a folder, on the disk."""
    folder = path.is_dir()
    descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)  # which Windows asks for
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(path: Path | None) -> OSError | None:
    """Why nothing more can be written to `path`; torch says only that it could not."""
    try:
        with open(path or os.devnull, 'ab') as file:
            file.write(bytes(2**20))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes were writing in a folder that this process owns.

    The folders in it may have other writers, whose files change all the time.
    """
    old = time.time() - 3600
    within = [p for p in folder.glob(f'*/{TEMPORARY}*') if p.lstat().st_mtime < old]
    for path in [*folder.glob(f'{TEMPORARY}*'), *within]:
        with suppress(OSError):
            path.unlink()


@contextmanager
def writing_explained(folder: str | Path) -> Iterator[None]:
    """Say in a sentence that `folder` cannot be written to any more.

    Raises:
        InputError: the block raised such an error of the system.
    """
    try:
        yield
    except OSError as error:
        gone = error.errno == errno.ENOENT and not os.path.isdir(folder)
        if error.errno not in UNWRITABLE and not gone:
            raise
        raise cannot_go_on(folder, error) from error


def cannot_go_on(path: str | Path, error: OSError) -> InputError:
    """The error of a run that cannot write to its folder."""
    reason = 'the folder is gone' if error.errno == errno.ENOENT else error.strerror
    return InputError(
        f'cannot write to {path}: {reason}. The checkpoints written before are whole: '
        'once that is mended, --resume goes on from the last one.'
    )


def check_length(name: str) -> None:
    """Raises InputError if `name` is longer than the names of files can be, 255 bytes."""
    if (length := len(os.fsencode(name))) > 255:
        raise InputError(
            f'the file {name[:40]}...{name[-20:]} would have a name of {length} bytes, and systems '
            'take up to 255: give the config a shorter name.'
        )
