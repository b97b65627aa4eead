"""A folder belongs to a process, on file systems without locks too."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmbarlow.engine import folder_lock
from mmbarlow.engine.folder_lock import LOCK, locked
from mmbarlow.errors import InputError
from mmbarlow.files import TEMPORARY

HOST = socket.gethostname()


@pytest.fixture
def without_locks(monkeypatch):
    """As some network file systems are: no such is at hand where the tests run."""
    monkeypatch.setattr(folder_lock, 'fcntl', None)


def lock_of(process: int, host: str, start: str) -> str:
    return f'process {process} on {host} (since 2026-01-01 10:00:00)\n{start}'


def test_without_locks_the_owner_that_is_named_counts_while_it_lives(without_locks, tmp_path):
    with subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE) as other:
        start = folder_lock._start_of(other.pid)
        (tmp_path / LOCK).write_text(lock_of(other.pid, HOST, start))
        with pytest.raises(InputError, match=rf'process {other.pid} on .* is training in'):
            locked(tmp_path).__enter__()
        other.communicate(b'\n')
    with locked(tmp_path):
        assert f'process {os.getpid()} on {HOST} (since ' in (tmp_path / LOCK).read_text()
        with pytest.raises(InputError, match='is training in'):
            locked(tmp_path).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_without_locks_another_process_with_the_number_of_the_owner_is_not_it(
    without_locks, tmp_path
):
    (tmp_path / LOCK).write_text(lock_of(os.getpid(), HOST, '1'))
    with locked(tmp_path):
        pass


def test_without_locks_a_sentence_says_what_to_do_about_an_owner_elsewhere(without_locks, tmp_path):
    (tmp_path / LOCK).write_text(lock_of(1, 'node-7', '99'))
    with pytest.raises(
        InputError, match=rf'on node-7 .* if it has ended, remove {tmp_path}/\.lock'
    ):
        locked(tmp_path).__enter__()
    (tmp_path / LOCK).write_text('')  # it was killed before it had written who it is
    with locked(tmp_path):
        pass


def test_with_locks_what_the_file_says_of_a_killed_owner_does_not_count(tmp_path):
    (tmp_path / LOCK).write_text(lock_of(1, 'node-7', '99'))
    with locked(tmp_path):
        pass


def test_the_owner_removes_what_killed_writers_have_left_and_nothing_else(tmp_path):
    old = time.time() - 7200
    places = [tmp_path, tmp_path / 'records', tmp_path / '20260101_000000']
    for folder in places:
        folder.mkdir(exist_ok=True)
        (folder / f'{TEMPORARY}abc.tmp').touch()
    os.utime(tmp_path / 'records' / f'{TEMPORARY}abc.tmp', (old, old))
    for other in ('.mine.tmp', 'epoch_1.pth', '.epoch_1.pth.swp'):
        (tmp_path / other).touch()
    with locked(tmp_path):
        left = {str(p.relative_to(tmp_path)) for p in tmp_path.glob('**/*') if p.is_file()}
    young = f'20260101_000000/{TEMPORARY}abc.tmp'  # a benchmark's, which may be at work
    assert left == {LOCK, young, '.mine.tmp', 'epoch_1.pth', '.epoch_1.pth.swp'}


def test_a_disk_with_no_room_for_the_logs_of_a_start_is_refused(tmp_path):
    code = f'from mmbarlow.engine.folder_lock import locked; locked({str(tmp_path / "run")!r})'
    limit = 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000));'
    done = subprocess.run(
        [sys.executable, '-c', f'{limit}{code}.__enter__()'],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2])),
    )
    assert f'InputError: cannot write to {tmp_path}/run: File too large' in done.stderr
    assert list(tmp_path.iterdir()) == []
