"""Write model_zoo.md, what was measured beside what is published, its page of records, and for mim
a metafile.yml in each folder of configs with results.

python tools/model_zoo.py                                # from mmbarlow/zoo/records/
python tools/model_zoo.py --add work_dirs/NAME/records   # add new records, then write
python tools/model_zoo.py --check                        # exit status 1 if a page is stale
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from mmbarlow import cli
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.paths import CLONE, RECORDS
from mmbarlow.zoo import records
from mmbarlow.zoo.metafiles import write_metafiles
from mmbarlow.zoo.pages import write_pages
from mmbarlow.zoo.records import Record


def main(arguments: Sequence[str] | None = None, root: Path = CLONE) -> int:
    """Returns the exit status; `root` holds the package and the pages."""
    parser = argparse.ArgumentParser(description='Write the pages of the model zoo.')
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

    zoo = root / RECORDS.relative_to(CLONE)
    old = {records.file_name(record): record for record in records.read_folder(zoo)}
    new = _new_records(args.add or [], old, args.force)
    all_of_them = [*(old | new).values()]
    texts = write_pages(all_of_them) | write_metafiles(all_of_them)
    pages = {root / name: text for name, text in texts.items()}
    if args.check:
        stale = [p for p, text in pages.items() if not p.is_file() or p.read_text('utf-8') != text]
        if stale:
            verb = 'is' if len(stale) == 1 else 'are'
            paths = ' and '.join(map(str, stale))
            print(f'{paths} {verb} not what the records say: run python tools/model_zoo.py')
        return int(bool(stale))

    def write_records() -> None:
        done = []
        try:
            for name, record in new.items():
                records.write(record, zoo, force=args.force)
                done.append(name)
        except BaseException:
            for name in done:  # all or none
                if name in old:
                    records.write(old[name], zoo, force=True)
                else:
                    (zoo / name).unlink()
            raise

    _write(list(pages.items()), write_records)
    paths = ' and '.join(map(str, [*pages][:2]))
    print(f'{paths}, and metafiles for mim: {len(old | new)} records, {len(new)} of them added')
    return 0


def _write(pages: list[tuple[Path, str]], then: Callable[[], None]) -> None:
    """Write the pages and do `then`; no page is replaced before `then` and all texts succeeded."""
    if not pages:
        return then()
    (path, text), *others = pages

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding='utf-8')
        _write(others, then)

    write_atomically(path, write)


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
        found = records.record_files(path) if path.is_dir() else [path]
        if not found:
            raise InputError(f'{path}: there is no record (*.json) in this folder.')
        files += found
    return files


if __name__ == '__main__':
    cli.run(main)
