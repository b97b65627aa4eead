"""Writing files that a reader, or an interruption, finds whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mmbarlow.errors import InputError


def write_atomically(path: Path, content: str | Callable[[Path], object]) -> None:
    """Write `path` so that a reader, or an interruption, finds the old content or the new.

    Args:
        path: the file; its folder is made if it is not there.
        content: the text, or what writes the content to the path that it is given.

    Raises:
        InputError: nothing can be written there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
        os.close(handle)
        temporary = Path(name)
        if isinstance(content, str):
            temporary.write_text(content, encoding='utf-8')
        else:
            content(temporary)
        temporary.chmod(0o644)  # mkstemp's files are for the owner only
        temporary.replace(path)
        temporary = None
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own, such as a full disk
        raise InputError(f'cannot write {path}: {error}.') from error
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def check_length(name: str) -> None:
    """Raises InputError if `name` is longer than `write_atomically` can use, 245 bytes."""
    if (length := len(os.fsencode(name))) > 245:  # of 255, less than mkstemp adds
        raise InputError(
            f'the file {name[:40]}...{name[-20:]} would have a name of {length} bytes, and systems '
            'take up to 245: give the config a shorter name.'
        )
