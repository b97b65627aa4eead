"""Processes that watch each other: who is lost is named, who is busy is left in peace."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from mmbarlow import peers
from mmbarlow.paths import CLONE

SCRIPT = """
import ctypes, os, sys, time
import torch.distributed as dist
from mmbarlow import peers
peers.STOPPED, peers.SILENT, peers.GRACE = 3, 4, 1.0
dist.init_process_group('gloo')
peers.watch_peers(None)
print('ready', flush=True)
if sys.argv[1] == 'busy' and dist.get_rank():
    ctypes.PyDLL(None).sleep(6)  # keeps all other threads of Python waiting, as long parsing does
elif sys.argv[1] == 'error' and dist.get_rank():
    peers.part(2)
    sys.exit(2)
dist.barrier() if sys.argv[1] == 'busy' else time.sleep(40)
peers.part()
"""


@contextmanager
def two_processes(what: str):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    known = dict(os.environ, MASTER_ADDR='127.0.0.1', MASTER_PORT=port, WORLD_SIZE='2')
    known |= dict(PYTHONPATH=str(CLONE), OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='')
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    command = [sys.executable, '-c', SCRIPT, what]
    both = [subprocess.Popen(command, env=known | dict(RANK=str(r)), **pipes) for r in range(2)]
    try:
        for process in both:
            assert process.stdout.readline() == 'ready\n'
        yield both
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ('lost', 'how', 'says'),
    [
        (1, signal.SIGKILL, 'error: process 1 of 2 has died, perhaps killed for lack of memory.'),
        (0, signal.SIGSTOP, 'error: process 0 of 2 has been silent for 3 s (PID {} on '),
    ],
)
def test_a_process_that_is_lost_ends_the_other_with_its_number(lost, how, says):
    """The process of rank 0 keeps torch's store, too, so the watch cannot rest on that."""
    with two_processes('wait') as both:
        both[lost].send_signal(how)
        other = both[1 - lost]
        assert other.wait(20) == peers.LEFT
        assert says.format(both[lost].pid) in other.stderr.read()


def test_a_busy_process_is_not_a_stopped_one():
    with two_processes('busy') as both:
        assert [process.wait(30) for process in both] == [0, 0]


def test_a_process_that_leaves_with_an_error_takes_the_other_along_without_more_words():
    with two_processes('error') as both:
        start = time.monotonic()
        assert [process.wait(20) for process in both] == [2, 2]
        assert time.monotonic() - start < 20
        assert [process.stderr.read() for process in both] == ['', '']
