"""Processes side by side: each item gets its result, or is named, and none is left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mmbarlow.studies.processes import side_by_side


def test_each_item_gets_its_own_result_and_one_whose_process_dies_gets_none():
    assert dict(side_by_side(os.path.basename, ['a/b', 'c/d', 'e/f'], 2)) == {
        'a/b': 'b',
        'c/d': 'd',
        'e/f': 'f',
    }
    assert list(side_by_side(os._exit, [3], 2)) == [(3, None)]


@pytest.mark.parametrize('signum', [signal.SIGTERM, signal.SIGKILL])
def test_none_outlives_the_first_process_however_that_ends(signum, tmp_path):
    """Each item writes its process and sleeps."""
    script = tmp_path / 'first.py'
    script.write_text(
        'import os, sys, time\n'
        'from mmbarlow import signals\n'
        'from mmbarlow.studies.processes import side_by_side\n'
        'def work(path):\n'
        '    open(path, "w").write(str(os.getpid()))\n'
        '    os.rename(path, path + ".pid")\n'
        '    time.sleep(300)\n'
        'if __name__ == "__main__":\n'
        '    with signals.handled():\n'
        '        list(side_by_side(work, sys.argv[1:], 2))\n'
    )
    items = [tmp_path / name for name in 'abc']
    first = subprocess.Popen([sys.executable, script, *items], stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: len(list(tmp_path.glob('*.pid'))) == 2)
        first.send_signal(signum)
        assert first.wait(60) != 0
    finally:
        first.kill()
    pids = [int(path.read_text()) for path in tmp_path.glob('*.pid')]
    assert len(pids) == 2  # the third never had its turn
    assert wait_for(lambda: not any(map(runs, pids)))


def wait_for(condition) -> bool:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def runs(pid: int) -> bool:
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
