"""Features with their names as CSV and Parquet, a block of rows in memory at a time."""

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from mmbarlow.errors import InputError

BLOCK = 2**24  # bytes of rows
DIGITS = dict(float32='%.9g', float16='%.5g')  # with which the same number is read back


def check_pyarrow(path: Path) -> None:
    """Raises InputError if `path` cannot be written, for want of pyarrow."""
    try:
        import pyarrow.parquet  # noqa: F401 (before an hour's work, and not after)
    except ImportError:
        raise InputError(
            f'{path} needs pyarrow: run `pip install pyarrow`, or write .npy or .csv.'
        ) from None


def row_writer(path: Path) -> Callable[[Path, Path, Path], None]:
    """What writes rows (a NumPy file) and their names (a list) to a file of the kind of `path`."""
    return _write_csv if path.suffix == '.csv' else _write_parquet


def read_rows(path: Path) -> Iterator[np.ndarray]:
    """The rows of such a file, some thousand at a time."""
    return _read_csv(path) if path.suffix == '.csv' else _read_parquet(path)


def _blocks(rows: Path, names: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    matrix = np.load(rows, mmap_mode='r')
    step = max(1, BLOCK // matrix[:1].nbytes)
    with names.open(encoding='utf-8') as lines:
        for start in range(0, len(matrix), step):
            block = np.array(matrix[start : start + step])
            yield [line.rstrip('\n') for line in islice(lines, len(block))], block


def _write_csv(rows: Path, names: Path, to: Path) -> None:
    with to.open('w', newline='', encoding='utf-8') as file:
        table = csv.writer(file)
        columns, digits = 0, ''
        for named, block in _blocks(rows, names):
            if not columns:
                columns, digits = block.shape[1], DIGITS[block.dtype.name]
                table.writerow(['name', *range(columns)])
            for name, row in zip(named, block, strict=True):
                table.writerow([name, *(digits % number for number in row.tolist())])


def _write_parquet(rows: Path, names: Path, to: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    row = np.load(rows, mmap_mode='r')[:1]
    numbers = pa.list_(pa.from_numpy_dtype(row.dtype), row.shape[1])
    with ParquetWriter(to, pa.schema(dict(name=pa.string(), features=numbers))) as file:
        for named, block in _blocks(rows, names):
            features = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), type=numbers)
            file.write_table(pa.table([pa.array(named), features], schema=file.schema))


def _read_csv(path: Path) -> Iterator[np.ndarray]:
    with path.open(newline='', encoding='utf-8') as file:
        table = csv.reader(file)
        next(table)
        while lines := list(islice(table, 1000)):
            yield np.array([line[1:] for line in lines]).astype(np.float32)


def _read_parquet(path: Path) -> Iterator[np.ndarray]:
    from pyarrow.parquet import ParquetFile

    for batch in ParquetFile(path).iter_batches(1000, columns=['features']):
        column = batch.column(0)
        yield column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
