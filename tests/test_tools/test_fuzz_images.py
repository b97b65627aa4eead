"""Files that are damaged by rule: verification and training count each, and neither is harmed."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / 'tools'))

from fuzzing.files import changed_file, sound_files  # noqa: E402
from fuzzing.reading import READERS, Answer, findings, read_all  # noqa: E402

BOUND = 2000  # megabytes, of docs/data.md


def written(folder: Path, files: dict[str, bytes]) -> list[str]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [str(folder / name) for name in files]


def test_sound_files_are_good_for_all_readers(tmp_path):
    answers = list(read_all(written(tmp_path, sound_files())))
    assert [a for a in answers if a.reasons != ('',) * len(READERS)] == []


def test_a_file_is_known_by_its_numbers():
    assert changed_file(0, 7) == changed_file(0, 7)
    assert changed_file(0, 7) != changed_file(1, 7)


def test_changed_files_are_counted_and_harm_nobody(tmp_path):
    files = dict(changed_file(1, number) for number in range(300))
    lines, faults = findings(read_all(written(tmp_path, files)), BOUND)
    assert faults == [], lines
    assert lines[0].startswith('files     300, ')
    kinds = Counter(name.split('-')[1] for name in files)
    assert min(kinds.values()) > 10


@pytest.mark.parametrize(('fault', 'act'), [('crash', os.abort), ('hang', lambda: os.read(0, 1))])
def test_a_reader_that_dies_or_waits_is_told_and_replaced(fault, act, tmp_path, monkeypatch):
    if fault == 'hang':
        ends = os.pipe()
        act = lambda: os.read(ends[0], 1)  # noqa: E731

    def verify(sample: dict) -> str:
        if sample['img_path'].endswith('bad'):
            act()
        return ''

    monkeypatch.setitem(READERS, 'verify', verify)
    good = sound_files()['rgb.png']
    paths = written(tmp_path, dict(a=good, bad=good, b=good))
    answers = list(read_all(paths, patience=3))
    assert [a.fault for a in answers] == ['', fault, '']
    assert findings(answers, BOUND)[1] == [Answer(paths[1], fault=fault)]


def test_the_tool_says_what_it_found(run_tool, tmp_path):
    status, out, _ = run_tool('fuzz_images.py', '--count', '20', '--keep', tmp_path / 'kept')
    assert status == 0
    assert out.startswith('files     20, ')
    assert '0 crashes, 0 hangs, 0 errors, 0 disagreements, 0 over the bound' in out
    assert not (tmp_path / 'kept').exists()
