"""Read thousands of broken image files as verification and training do.

    python tools/fuzz_images.py --count 10000 --seed 0

Each file is known by the seed and its number (`tools/fuzzing/files.py`). It is read by
`verify_images.py`'s reader and by those of training, in a process of its own. The exit status is 1
if one crashes, hangs, raises anything but a BrokenImage, takes more than `--bound` megabytes, or is
broken for one reader and good for another; these files are kept in `--keep`.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fuzzing.files import changed_file
from fuzzing.reading import findings, read_all
from mmbarlow import cli
from mmbarlow.errors import printable
from mmbarlow.progress import progress


def main() -> int:
    parser = argparse.ArgumentParser(description='Read broken image files, made by rule.')
    parser.add_argument('--count', type=int, default=1000, help='number of files')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--bound', type=float, default=2000, help='megabytes that none may take')
    parser.add_argument('--keep', type=Path, default=Path('fuzzed'), help='folder for faults')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), args.seed, args.count)
        answers = read_all(progress(paths, 'reading', args.count))
        lines, faults = findings(answers, args.bound)
        print('\n'.join(lines))
        for answer in faults:
            args.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(answer.name, args.keep)
            print(printable(f'{Path(answer.name).name}: {answer.fault or answer.reasons}'))
    return int(bool(faults))


def write(folder: Path, seed: int, count: int) -> Iterator[str]:
    """Write the files, one whenever the next is asked for; yields their paths."""
    for number in range(count):
        name, data = changed_file(seed, number)
        path = folder / name
        path.write_bytes(data)
        yield str(path)


if __name__ == '__main__':
    cli.run(main)
