"""Writing checkpoints while the training goes on."""

import copy
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from mmbarlow.engine.peaks import all_finite
from mmbarlow.errors import InputError
from mmbarlow.files import synchronize, write_atomically
from mmbarlow.weight_files import check_digest, read_plain

GOOD = 'The checkpoints written before are whole: --resume goes on from the last one'


class CheckpointWriter:
    """One thread that writes a copy of the state, one checkpoint at a time.

    A step waits for the copy alone, and for the write before if that is not done yet. torch's own
    `torch.distributed.checkpoint.async_save` does the same, but into a folder of shards with a
    format of its own: the checkpoints of OpenMMLab, which are one file, need the few lines here.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, 'checkpoint', _compute_alone)
        self._write: Future | None = None
        self._host = HostCopy()

    def start(
        self, checkpoint: dict, path: Path, then: Callable[[Path], object], copy: bool = True
    ) -> None:
        """Copy the checkpoint to the host and return; `then(path)` is called once it is on disk.

        Args:
            copy: not needed where nothing is trained until `wait` returns.

        Raises:
            InputError: the one before could not be written.
        """
        self.wait()
        state = self._host(checkpoint) if copy else checkpoint
        self._write = self._thread.submit(write_checkpoint, state, path, then)

    def wait(self) -> None:
        """Return when nothing is being written.

        Raises:
            InputError: the checkpoint is not finite or cannot be written. It is told once.
        """
        write, self._write = self._write, None
        if write:
            write.result()

    def check(self) -> None:
        """Raises InputError if a write has failed by now."""
        if self._write and self._write.done():
            self.wait()


def _compute_alone() -> None:
    """Keep torch's operations in this thread from starting threads of their own.

    OpenMP would have a team for this thread beside the one that trains. Once there are more threads
    than cores, those of libgomp sleep between two operations instead of waiting awake, and a step
    of a small network on a CPU takes twice as long from the first checkpoint on.
    """
    torch.get_num_threads()  # sets it for a thread that is new to torch, and later calls do not
    threadpool_limits(1, 'openmp')


class HostCopy:
    """A copy of all tensors in memory of the CPU, with containers of their own.

    The memory is used again for the next checkpoint, and what comes from a GPU goes into pinned
    memory: the copy then runs at the speed of the bus.
    """

    def __init__(self) -> None:
        self._places: list[Tensor] = []

    def __call__(self, checkpoint: dict) -> dict:
        places, devices = iter(self._places), set()
        self._places = []

        def on_host(tensor: Tensor) -> Tensor:
            tensor, place = tensor.detach(), next(places, None)
            if place is None or (place.shape, place.dtype) != (tensor.shape, tensor.dtype):
                place = torch.empty_like(tensor, device='cpu', pin_memory=tensor.is_cuda)
            self._places.append(place)
            if tensor.is_cuda:
                devices.add(tensor.device)
            return place.copy_(tensor, non_blocking=tensor.is_cuda)

        copied = _with_tensors(checkpoint, on_host)
        for device in devices:
            torch.cuda.current_stream(device).synchronize()
        return copied


def write_checkpoint(checkpoint: dict, path: Path, then: Callable[[Path], object]) -> None:
    """Write a checkpoint that is finite, whole and proven readable, or nothing; then call `then`.

    Raises:
        InputError: a tensor has NaN or Inf, or the file cannot be written or read back.
    """
    moved = ((name, t) for name, t in _tensors(checkpoint) if not name.startswith('run.log'))
    bad = next((name for name, t in moved if t.numel() and not all_finite([t])), None)
    if bad is not None:
        raise InputError(
            f'{path.name} is not written, since {bad} holds NaN or Inf. {GOOD}. Lower '
            'optim_wrapper.optimizer.lr, or train without --amp.'
        )
    if not path.parent.is_dir():
        raise InputError(f'{path.name} cannot be written: the folder {path.parent} is gone.')
    try:
        write_atomically(path, partial(_write_and_read, checkpoint))
        then(path)
    except InputError as error:
        raise InputError(f'{error} {GOOD}, once that is mended.') from error


def _write_and_read(checkpoint: dict, path: Path) -> None:
    torch.save(checkpoint, path)
    synchronize(path)
    descriptor = os.open(path, os.O_RDONLY)
    try:  # what is read is then what the disk has, not what memory still has of it
        if hasattr(os, 'posix_fadvise'):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        check_digest(path)
    finally:
        os.close(descriptor)
    read_plain(path, 'meta')


def _with_tensors(value: Any, on_host: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return on_host(value)
    if isinstance(value, dict):
        own = copy.copy(value)  # of its class, and with what a state_dict says of its modules
        for key, child in value.items():
            own[key] = _with_tensors(child, on_host)
        return own
    if type(value) in (list, tuple):
        return type(value)(_with_tensors(child, on_host) for child in value)
    return value


def _tensors(value: Any, name: str = '') -> Iterator[tuple[str, Tensor]]:
    """All tensors of real numbers with a point, by where they are."""
    if isinstance(value, Tensor) and value.is_floating_point():
        yield name, value
    elif isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in items:
            yield from _tensors(child, f'{name}.{key}' if name else str(key))
