"""Write model_zoo.md: what was measured with this project beside what was published.

python tools/model_zoo.py                                # from mmbarlow/zoo/records/
python tools/model_zoo.py --add work_dirs/NAME/records   # take new records in, then write
python tools/model_zoo.py --check                        # exit status 1 if the page is stale
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.zoo import records
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.table import write_page

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Returns the exit status; `root` is the repository."""
    parser = argparse.ArgumentParser(description='Write model_zoo.md from the records.')
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--check', action='store_true', help='write nothing; status 1 if stale')
    mode.add_argument(
        '--add', nargs='+', type=Path, metavar='PATH', help='record files, or folders of them'
    )
    parser.add_argument(
        '--force', action='store_true', help='with --add: replace records of the same row and seed'
    )
    args = parser.parse_args(arguments)
    if args.force and not args.add:
        parser.error('--force goes with --add')

    page, zoo = root / 'model_zoo.md', root / 'mmbarlow' / 'zoo' / 'records'
    old = {records.file_name(record): record for record in records.read_folder(zoo)}
    new = _new_records(args.add or [], old, args.force)
    text = write_page(list({**old, **new}.values()))  # before any file is touched
    if args.check:
        if page.exists() and page.read_text(encoding='utf-8') == text:
            return 0
        print(f'{page.name} is not what the records say: run python tools/model_zoo.py')
        return 1
    for record in new.values():
        records.write(record, zoo, force=args.force)
    write_atomically(page, text)
    print(f'{page.name}: {len(old | new)} records, {len(new)} of them added')
    return 0


def _new_records(paths: list[Path], old: dict[str, Record], force: bool) -> dict[str, Record]:
    """The records in `paths` that the zoo does not have yet, by file name.

    Raises:
        InputError: a path has no records, one is not valid, or there is another one of the same
            row and seed, in the zoo (allowed with `force`) or in `paths`.
    """
    origin: dict[str, Path] = {}
    new: dict[str, Record] = {}
    for path in _files(paths):
        record = records.read(path)
        name = records.file_name(record)
        if name in new and record != new[name]:
            raise InputError(f'{path} and {origin[name]} are of the same row and seed: give one.')
        if name in old and record != old[name] and not force:
            raise InputError(f'{path}: the zoo has another {name}; --force replaces it.')
        if record != old.get(name):
            origin[name], new[name] = path, record
    return new


def _files(paths: list[Path]) -> list[Path]:
    files = []
    for path in paths:
        found = sorted(path.glob('*.json')) if path.is_dir() else [path]
        if not found:
            raise InputError(f'{path}: there is no record (*.json) in this folder.')
        files += found
    return files


if __name__ == '__main__':
    cli.run(main)
