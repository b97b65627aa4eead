"""Finished features: NumPy, CSV or Parquet, with a name to each row, and what is beside them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from mmbarlow.errors import InputError
from mmbarlow.evaluation import feature_tables
from mmbarlow.evaluation.feature_store import WORDS
from mmbarlow.files import write_atomically

KINDS = ('.npy', '.csv', '.parquet')


class FeatureFiles:
    """The file of features of that name, and those beside it.

    NAME.npy has the rows (N, C), and NAME.names.txt the names on N lines; NAME.csv has the columns
    `name`, `0`, `1`, ...; NAME.parquet has `name` and `features`, a list of C numbers. Beside them
    are NAME.npy.about.json, what they are made of, and NAME.npy.broken.txt, images that cannot be
    read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(f'{path.name}.partial')  # of a `FeatureStore`
        self.about = path.with_name(f'{path.name}.about.json')
        self.broken = path.with_name(f'{path.name}.broken.txt')
        self.names = self.beside('names.txt')

    def beside(self, ending: str) -> Path:
        return self.path.with_suffix(f'.{ending}')

    def check_kind(self) -> None:
        """Raises InputError unless features can be written to a file of such a name."""
        if self.path.suffix not in KINDS:
            raise InputError(
                f'features are written to {", ".join(KINDS)}, not to {self.path.name}.'
            )
        if self.path.is_dir():
            raise InputError(f'{self.path} is a folder: give a file in it.')
        if not self.path.absolute().parent.is_dir():
            raise InputError(f'there is no folder {self.path.parent}: make it first.')
        if self.path.suffix == '.parquet':
            feature_tables.check_pyarrow(self.path)

    def are_there(self, about: dict, force: bool) -> bool:
        """Whether they are finished, made of the same. With `force` they, and those that are
        begun, count as none.

        Raises:
            InputError: they are made of something else, or a file of the name is of something else.
        """
        if force:
            shutil.rmtree(self.partial, ignore_errors=True)
            return False
        if not self.path.exists():
            own = [self.about, self.broken] + [self.names] * (self.path.suffix == '.npy')
            beside = [path for path in own if path.exists()]
            if beside and not self.partial.is_dir():
                raise InputError(f'{beside[0]} exists already: --force replaces it.')
            return False
        try:
            made = self._made()
            others = [word for key, word in WORDS.items() if made[key] != about[key]]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f'{self.path} exists already: --force replaces it.') from None
        if others:
            raise InputError(
                f'{self.path} exists already, of {" and ".join(others)}: --force replaces it.'
            )
        return True

    def finish(self, about: dict[str, Any]) -> None:
        """Make the files of a completed store in `partial`, which is gone then.

        Raises:
            InputError: one cannot be written.
        """
        rows, names, broken = (self.partial / n for n in ('rows.npy', 'names.txt', 'broken.txt'))
        if about['broken']:
            write_atomically(self.broken, lambda to: shutil.copyfile(broken, to))
        else:
            self.broken.unlink(missing_ok=True)  # of the features that are replaced
        write_atomically(self.about, json.dumps(about, indent=1))
        if self.path.suffix == '.npy':
            write_atomically(self.names, lambda to: shutil.copyfile(names, to))
            try:
                rows.replace(self.path)
            except OSError as error:
                raise InputError(f'cannot write {self.path}: {error.strerror}.') from error
        else:
            write = feature_tables.row_writer(self.path)
            write_atomically(self.path, lambda to: write(rows, names, to))
        shutil.rmtree(self.partial, ignore_errors=True)

    def told(self) -> Iterator[str]:
        """Lines on what is there."""
        made = self._made()
        names = f', names in {self.names}' if self.path.suffix == '.npy' else ''
        size = self.path.stat().st_size / 1e6
        rows = f'{made["rows"]:,} x {made["columns"]:,} in {made["dtype"]}'
        yield f'features   {self.path}: {rows}, {size:,.1f} MB{names}'
        if made['broken']:
            yield f'broken     {made["broken"]:,} images are left out: {self.broken}'

    @contextmanager
    def opened(self) -> Iterator[np.ndarray]:
        """The rows, (N, C), of which memory holds what is looked at; those of CSV and Parquet are
        copied to a file that is gone afterwards."""
        if self.path.suffix == '.npy':
            yield np.load(self.path, mmap_mode='c')  # torch wants arrays that it could write to
            return
        made = self._made()
        with TemporaryFile(dir=self.path.absolute().parent) as file:
            for block in feature_tables.read_rows(self.path):
                file.write(block.astype(made['dtype']).tobytes())
            file.flush()
            yield np.memmap(file, made['dtype'], 'r+', shape=(made['rows'], made['columns']))

    def _made(self) -> dict:
        return json.loads(self.about.read_text())
