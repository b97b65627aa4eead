"""One JSON file for each result: what was measured, of what, how, where and when.

from mmbarlow.zoo import provenance, records

record = records.Record(config='knn_digits', task='knn', ..., **provenance.provenance())
records.write(record, 'work_dirs/NAME/records')
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.files import check_length, write_atomically
from mmbarlow.zoo.schema import validate

LARGEST = 5_000_000  # bytes of a file; 10,000 points of a curve are less


@dataclass(frozen=True)
class Record:
    """A result; `schema.FIELDS` says what each field must be."""

    config: str
    task: str
    dataset: str
    metrics: dict[str, float]
    model: str
    pretrain_config: str | None
    checkpoint_sha256: str | None
    seed: int
    commit: str
    versions: dict[str, str]
    hardware: str
    wall_time_s: float
    date: str
    scale: str
    command: str
    benchmark_seed: int = 0
    curve: list[dict[str, float]] | None = None
    recipe_changed: str | None = None  # written by hand, where a result is not measured again


def file_name(record: Record) -> str:
    """The record's file name: one for each model, pretraining, config and pair of seeds."""
    parts = [record.model, record.pretrain_config, record.config]
    unique = dict.fromkeys(part for part in parts if part)  # of 'pretrain' the two are the same
    run = [f'run{record.benchmark_seed}'] if record.benchmark_seed else []
    return '--'.join([*unique, f'seed{record.seed}', *run]) + '.json'


def write(record: Record, folder: str | Path, force: bool = False) -> Path:
    """Write the record into `folder`, whole or not at all, and return the path.

    Raises:
        InputError: a field is not valid, or the file exists and `force` is not set.
    """
    validate(asdict(record), f'the record of {record.config} for {folder}')
    path = Path(folder) / file_name(record)
    if path.exists() and not force:
        raise InputError(f'{path} exists already: give --force to replace this result.')
    write_atomically(path, to_json(record))
    return path


def check_writable(record: Record, folder: Path) -> None:
    """Check before the work is done that `write` will find names and a folder that it can use.

    Raises:
        InputError: a field is not valid, the file name is too long, or the folder is none.
    """
    validate(asdict(record), f'the record of {record.config} for {folder}')
    check_length(file_name(record))
    near = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise InputError(f'records cannot be written to {folder}: {near} is no folder to write in.')


def read(path: str | Path) -> Record:
    """Read and validate a record.

    Raises:
        InputError: the file cannot be read or a field is not valid; it names file, field, cure.
    """
    path = Path(path)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            path.stat()  # says why, if there is none
            raise InputError(f'{path} is no record, which is a file of at most {LARGEST} bytes.')
        text = path.read_text(encoding='utf-8')
        data = json.loads(text, object_pairs_hook=_without_twins)
    except OSError as error:
        raise InputError(f'{path} cannot be read: {error.strerror}.') from error
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f'{path} is not JSON ({error}): run the benchmark again.') from error
    validate(data, str(path))
    record = Record(**data)
    if len(file_name(record)) > 240:
        raise InputError(f'{path}: the names in it are too long for a file: shorten the configs.')
    return record


def record_files(folder: str | Path) -> list[Path]:
    """The files of the records in `folder`, by name.

    Raises:
        InputError: one is a link, which could show what lies elsewhere.
    """
    found = sorted(Path(folder).glob('*.json'))
    if link := next((path for path in found if path.is_symlink()), None):
        raise InputError(f'{link} is a link: put the record itself there.')
    return found


def read_folder(folder: str | Path) -> list[Record]:
    """The records in `folder`, by file name; none if there is no folder.

    Raises:
        InputError: a record is not valid, or its file has another name than it should.
    """
    found = []
    for path in record_files(folder):
        found.append(read(path))
        own = path.with_name(file_name(found[-1]))
        if path != own and own.exists():
            raise InputError(f'{path} and {own} are records of one row and seed: remove one.')
        if path != own:
            raise InputError(f'{path}: its fields ask for the name {own.name}.')
    return found


def to_json(record: Record) -> str:
    """A line for each field, and for each point of the curve, so that differences are readable."""
    data = {name: value for name, value in vars(record).items() if name != 'curve'}
    if not record.benchmark_seed:
        del data['benchmark_seed']  # as in records from before there was one
    if not record.recipe_changed:
        del data['recipe_changed']
    lines = [f'  {json.dumps(name)}: {json.dumps(value)}' for name, value in data.items()]
    if record.curve:
        epochs = ',\n'.join(f'    {json.dumps(epoch)}' for epoch in record.curve)
        lines.append(f'  "curve": [\n{epochs}\n  ]')
    return '{\n' + ',\n'.join(lines) + '\n}\n'


def _without_twins(pairs: list[tuple[str, object]]) -> dict:
    """Of a JSON object; of two equal keys, readers take different ones."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError('a key is there twice')
    return dict(pairs)
