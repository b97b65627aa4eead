"""torchrun for the tools: it passes all signals on, and ends with a sentence and their status.

    python -m mmbarlow.launcher [options of torchrun] TOOL [arguments]

tools/dist_run.sh calls it.
"""

import logging
import os
import signal
import sys

from torch.distributed import run
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher import api

from mmbarlow.peers import LAUNCHER, LEFT
from mmbarlow.signals import SIGNALS

BAD_INPUT = 2
FINAL = (BAD_INPUT, *(128 + s for s in SIGNALS))  # the same again would end in the same way


class _Agent(LocalElasticAgent):
    """Restarts what may go well the next time, and passes a second signal on as the first."""

    def _monitor_workers(self, worker_group):
        result = super()._monitor_workers(worker_group)  # pyright: ignore[reportCallIssue]
        if any(failure.exitcode in FINAL for failure in result.failures.values()):
            self._remaining_restarts = 0
        return result

    def _shutdown(self, death_sig=signal.SIGTERM) -> None:
        try:
            super()._shutdown(death_sig)
        except SignalException as again:
            super()._shutdown(again.sigval)


def main() -> int:
    args = run.parse_args(sys.argv[1:])
    quit_ = [signal.SIGQUIT] if hasattr(signal, 'SIGQUIT') else []  # Windows has none
    names = [s.name for s in (*SIGNALS, *quit_) if signal.getsignal(s) != signal.SIG_IGN]
    args.signals_to_handle = ','.join(names)  # without those that nohup ignores
    os.environ[LAUNCHER] = str(os.getpid())
    if (
        args.max_restarts
    ):  # torch 2.11: processes started again would find the addresses of the dead
        os.environ['TORCH_DISABLE_SHARE_RDZV_TCP_STORE'] = '1'
    logging.disable()  # torchrun reports each failure and each signal at length
    api.LocalElasticAgent = _Agent  # torchrun has no other way to a restart policy
    try:
        run.run(args)
    except SignalException as news:
        return 128 + news.sigval
    except ChildFailedError as error:
        return tell_failure(error)
    return 0


def tell_failure(error: ChildFailedError) -> int:
    """Say which process failed first, unless it has said so itself; returns the exit status."""
    start = error.get_first_failure()[1].timestamp
    # Those that leave since another is lost have named it; one that is stopped is killed later.
    first = [
        (rank, failure)
        for rank, failure in error.failures.items()
        if failure.exitcode not in (LEFT, -signal.SIGTERM) and failure.timestamp < start + 5
    ]
    if not first:
        return 1
    rank, failure = min(first, key=lambda pair: pair[1].timestamp)
    if failure.exitcode not in FINAL:
        killed = f'was killed by {failure.signal_name()}' if failure.exitcode < 0 else 'has failed'
        advice = 'the others have left; a training continues from its last checkpoint with --resume'
        print(f'error: process {rank} {killed}; {advice}.', file=sys.stderr)
    return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode


if __name__ == '__main__':
    sys.exit(main())
