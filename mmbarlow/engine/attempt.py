"""A start that fails leaves its work dir as it was."""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger

from mmbarlow.files import write_atomically
from mmbarlow.loss.distributed import rank

STARTED = re.compile(r'\d{8}_\d{6}')  # a folder of the logs of one start


@contextmanager
def undone_if_it_fails(cfg: Config) -> Iterator[None]:
    """What MMEngine's Runner writes while it is built is taken away if the block raises."""
    folder = Path(cfg.work_dir)
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    before = set(folder.iterdir()) if folder.is_dir() else set()
    dumped = folder / Path(cfg.filename or '.').name
    old = dumped.read_bytes() if dumped.is_file() else None
    try:
        yield
    except BaseException:  # a signal too
        if rank() == 0 and folder.is_dir():
            logger = MMLogger.get_current_instance()
            for handler in list(logger.handlers):
                if isinstance(handler, logging.FileHandler):
                    logger.removeHandler(handler)  # what comes after may log to it
                    with suppress(OSError):  # of a full disk
                        handler.close()
            for path in set(folder.iterdir()) - before:
                if path.is_dir() and STARTED.fullmatch(path.name):
                    shutil.rmtree(path, ignore_errors=True)
            if old is not None and dumped.read_bytes() != old:
                write_atomically(dumped, lambda path: path.write_bytes(old))
            elif old is None and dumped.is_file():
                dumped.unlink()
            for path in new:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
        raise
