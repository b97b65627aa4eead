"""A training that is asked to leave does so at the end of a step, with a checkpoint."""

import math
import signal
import time

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from mmbarlow import signals
from mmbarlow.engine.checkpoint_hook import CheckpointHook
from mmbarlow.engine.restarts import check_requeue, requeue
from mmbarlow.launch import on_first, patient_group
from mmbarlow.loss.distributed import world_size

LONG = 5.0  # seconds of a validation that nobody should wait for
VOTE = 0.25  # seconds between two votes
SLOW = 1.0  # and of a step after which the processes may wait for each other


class SignalsHook(Hook):
    """Ends the run after a signal to any of its processes, all at the same step.

    One process leaves at the end of the step in progress. Several vote, four times a second or at
    each step: a step begins a reduction on the CPU, which a later one reads, so that no step waits;
    they leave at the end of that. Steps of more than a second read their own.

    Before a validation that takes longer than 5 seconds, all steps are in a checkpoint, the epoch's
    or one of its own. A signal then ends the run at once; a shorter validation is waited for. Not
    registered: `pretrain` adds it.

    Args:
        requeue: have Slurm start the job again after its warning.

    Raises:
        Signaled: on all processes together.
    """

    priority = 'LOWEST'  # after CheckpointHook

    def __init__(self, requeue: bool = False) -> None:
        self.requeue = requeue
        self.validation: float | None = None  # seconds of the last one
        self.seconds = math.inf  # of the last step
        self.ballot = torch.zeros(2, dtype=torch.int64)
        self.vote: dist.Work | None = None
        self.interval = 1  # steps between two votes

    def check_before_training(self, runner) -> None:
        """Raises InputError if there is no job of Slurm to queue again."""
        check_requeue(self.requeue)
        for loader in [*_loaders(runner.train_loop), *_loaders(runner.val_loop)]:
            signals.shield_workers(loader)

    def before_train(self, runner) -> None:
        self.step = time.perf_counter()
        lost = 'the steps since the last checkpoint are lost, and --resume continues from it'
        self.defer = lambda: signals.defer(True, lost)
        self.defer()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.seconds, self.step = time.perf_counter() - self.step, time.perf_counter()
        if signum := self._agreed(runner.iter, self.seconds):
            self._leave(runner, signum)

    def before_val(self, runner) -> None:
        expected = self.validation or self.seconds * sum(map(len, _loaders(runner.val_loop)))
        hook = _checkpoint_hook(runner)
        if on_first(lambda: expected > LONG) and hook:
            hook.save_done(runner)
            lost = 'only a validation is lost, and --resume continues from before it'
            signals.defer(False, lost)
            if signum := signals.pending():
                raise signals.Signaled(signum, f'left before a validation; {lost}')
        self.started = time.perf_counter()

    def after_val(self, runner) -> None:
        self.defer()
        self.validation, self.step = time.perf_counter() - self.started, time.perf_counter()

    def _agreed(self, step: int, seconds: float) -> int:
        """The signal to follow, or 0: the same on all processes."""
        if world_size() == 1:
            return signals.pending()
        if step % self.interval:
            return 0
        signum, milliseconds = self._read()
        self.interval = max(1, int(1000 * VOTE) // milliseconds) if milliseconds else 1
        self.ballot = torch.tensor([signals.pending(), int(1000 * seconds)])
        self.vote = dist.all_reduce(
            self.ballot, dist.ReduceOp.MAX, group=patient_group(), async_op=True
        )
        if signum or milliseconds > 1000 * SLOW:
            signum = max(signum, self._read()[0])
        return signum

    def _read(self) -> list[int]:
        if self.vote:
            self.vote.wait()
            self.vote = None
        return self.ballot.tolist()

    def _leave(self, runner, signum: int) -> None:
        step, hook = runner.iter + 1, _checkpoint_hook(runner)
        if hook is None:
            news = 'and nothing is saved: the config has no mmbarlow.CheckpointHook'
        else:
            path, how = hook.save_now(runner), 'the same command with --resume'
            if self.requeue and signal.Signals(signum) in signals.WARNINGS:
                how = on_first(requeue)
            news = f'which {path} holds; {how} continues'
        raise signals.Signaled(signum, f'the training has left after step {step}, {news}', True)


def _loaders(loop: object) -> list[DataLoader]:
    """Those that a loop reads, such as images to classify and those to compare them with."""
    return [value for value in vars(loop).values() if isinstance(value, DataLoader)] if loop else []


def _checkpoint_hook(runner) -> CheckpointHook | None:
    return next((hook for hook in runner.hooks if isinstance(hook, CheckpointHook)), None)
