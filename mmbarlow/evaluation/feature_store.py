"""Features on their way into a file: rows that are appended, whole after any interruption."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import numpy as np

from mmbarlow.errors import InputError, printable
from mmbarlow.files import UNWRITABLE, write_atomically

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

SECONDS = 5.0  # between two states: so much work is lost at most
PARTS = ('rows.npy', 'names.txt', 'broken.txt')
STATE = 'state.json'
WORDS = dict(
    backbone='another backbone',
    images='another list of images',
    size='another --size',
    resize='another --resize',
    dtype='another --dtype',
)


class FeatureStore:
    """A folder with the rows of a NumPy file, their names, and the images that cannot be read.

    Each of the three grows at its end, and a state says how long they were when they last
    belonged together: whoever opens the folder again cuts off what is longer, and goes on there.

    Args:
        folder: is made if it is not there.
        about: what the features are made of, with the keys of `WORDS`.

    Raises:
        InputError: the folder has features that are made of something else, another process
            writes there, or nothing can be written.
    """

    def __init__(self, folder: Path, about: dict) -> None:
        self.folder, self.about = folder, about
        self._kept = 0  # of the images, at the last save
        self.done = self.rows = self.columns = 0  # images that are dealt with, or have a row
        self._files: dict[str, BinaryIO] = {}
        with self._explained(), ExitStack() as opened:
            folder.mkdir(parents=True, exist_ok=True)
            for part in PARTS:
                self._files[part] = opened.enter_context((folder / part).open('ab'))
            self._lock(self._files[PARTS[0]])
            sizes = self._read_state()
            self._kept = self.done
            for part, file in self._files.items():
                file.truncate(sizes.get(part, 0))
            self.save()
            self._open = opened.pop_all()

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self.about['dtype'])

    def append(self, names: list[str], features: np.ndarray, broken: list[str]) -> None:
        """Add the rows (n, C) of n images, and lines on others that cannot be read.

        Raises:
            InputError: they cannot be written; what was saved before is whole.
        """
        rows, named, failed = (self._files[part] for part in PARTS)
        with self._explained():
            if len(features) and not self.columns:
                self.columns = features.shape[1]
                rows.write(self._header(0))
            rows.write(np.ascontiguousarray(features, self.dtype).tobytes())
            named.write(_lines(names))
            failed.write(_lines(broken))
            self.rows += len(names)
            self.done += len(names) + len(broken)
            if monotonic() - self._saved > SECONDS:
                self.save()

    def check_room(self, images: int) -> None:
        """Raises InputError if the disk has less space than the rows of all images need."""
        needed = (images - self.done) * self.columns * self.dtype.itemsize
        if (free := shutil.disk_usage(self.folder).free) < needed:
            raise InputError(
                f'{self.folder.parent} has {free / 1e9:,.1f} GB left, and the features take '
                f'{needed / 1e9:,.1f}: make room, take --dtype float16, or give another --out.'
            )

    def save(self) -> None:
        """Have all of it on the disk, and say how long it is."""
        with self._explained():
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())
            sizes = {part: file.tell() for part, file in self._files.items()}
            counts = dict(done=self.done, rows=self.rows, columns=self.columns)
            state = dict(about=self.about, **counts, sizes=sizes)
            write_atomically(self.folder / STATE, json.dumps(state))
        self._saved, self._kept = monotonic(), self.done

    def complete(self) -> None:
        """Say in the header of the NumPy file how many rows it has."""
        self.save()
        with self._explained(), (self.folder / PARTS[0]).open('r+b') as file:
            file.write(self._header(self.rows))
            os.fsync(file.fileno())

    def first_broken(self) -> str:
        """The first image that cannot be read, with the reason."""
        self.save()
        with (self.folder / PARTS[2]).open(encoding='utf-8') as lines:
            return ': '.join(next(lines, '').rstrip('\n').split('\t'))

    def counts(self) -> dict[str, int]:
        return dict(rows=self.rows, columns=self.columns, broken=self.done - self.rows)

    def __enter__(self) -> 'FeatureStore':
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of a full disk, which was told
            self._open.close()

    def _header(self, rows: int) -> bytes:
        """Of a NumPy file, equally long for any number of rows."""
        text = dict(
            descr=np.lib.format.dtype_to_descr(self.dtype),
            fortran_order=False,
            shape=(rows, self.columns),
        )
        padded = f'{text}'.ljust(117) + '\n'
        return b'\x93NUMPY\x01\x00' + len(padded).to_bytes(2, 'little') + padded.encode('latin1')

    def _read_state(self) -> dict[str, int]:
        """Lengths of the parts; sets what was done."""
        if not (self.folder / STATE).is_file():
            return {}
        try:
            state = json.loads((self.folder / STATE).read_text())
            about, sizes = state['about'], state['sizes']
            self.done, self.rows, self.columns = (state[k] for k in ('done', 'rows', 'columns'))
            others = [word for key, word in WORDS.items() if about[key] != self.about[key]]
            if any(os.path.getsize(self.folder / part) < sizes[part] for part in PARTS):
                raise ValueError
        except (ValueError, KeyError, TypeError, OSError):
            raise InputError(
                f'{self.folder} is damaged: remove it, or give --force to start again.'
            ) from None
        if others:
            raise InputError(
                f'{self.folder} was begun with {" and ".join(others)}: give what it was begun '
                'with to go on, --force to start again, or another --out.'
            )
        return sizes

    def _lock(self, file: BinaryIO) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f'another process writes to {self.folder}: wait for its end.'
            ) from None
        except OSError:  # a file system without locks
            return

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kept = (
                f' {self._kept:,} images are kept: the same command goes on, once that is mended.'
            )
            known = error.errno in UNWRITABLE and self._kept
            raise InputError(
                f'cannot write to {self.folder}: {error.strerror}.{kept if known else ""}'
            ) from error


def _lines(texts: list[str]) -> bytes:
    return ''.join(f'{text}\n' for text in texts).encode()


def on_a_line(name: str) -> str:
    """A name of a file as lists have it, with doubled backslashes (docs/data.md)."""
    return printable(name.replace('\\', '\\\\'))
