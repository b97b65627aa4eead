"""Going back to a checkpoint in the middle of a run."""

from pathlib import Path
from typing import Any

from mmengine.runner import Runner

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.engine.numbered_checkpoints import steps_of
from mmbarlow.engine.work_dir import NUMBERED
from mmbarlow.errors import InputError


class RolledBack(InputError):
    """The run goes on from a checkpoint, with a lower rate; `pretrain` does that.

    Args:
        told: why, in a sentence.
        checkpoint: to go on from.
        state: of the guard, for the run that goes on.
    """

    def __init__(self, told: str, checkpoint: Path, state: dict[str, Any]) -> None:
        super().__init__(
            f'{told} Only tools/train.py can roll back: resume from {checkpoint} with a lower rate.'
        )
        self.checkpoint = checkpoint
        self.state = state


def checkpoint_before(runner: Runner, step: int, tried: list[str]) -> Path | None:
    """The last good checkpoint of this run that is of before the step and not in `tried`."""
    replaced = getattr(runner, 'start', {}).get('replaces', {})  # of the run before, with --force
    found = [p for p in Path(runner.work_dir).glob('*.pth') if NUMBERED.fullmatch(p.name)]
    found = [p for p in found if replaced.get(p.name) != p.stat().st_mtime_ns]
    for path in sorted(found, key=steps_of, reverse=True):
        try:
            meta = read_checkpoint(path).get('meta', {})
        except InputError:
            continue
        if path.name not in tried and meta.get('iter', step) < step:
            return path
    return None
