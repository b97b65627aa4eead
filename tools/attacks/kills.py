"""kill -9 at random moments, and at those at which a checkpoint is being written."""

import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from attacks.runs import Training, differences, final_state
from mmbarlow.engine.last_checkpoint import last_checkpoint_in
from mmbarlow.files import TEMPORARY
from mmbarlow.paths import CONFIGS

EACH = 5  # kills of one run
CONFIG = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
# Eighteen steps with nine checkpoints of 50 MB; `resume` starts anew where there is none yet.
OPTIONS = [
    *('resume=True', 'train_cfg.max_epochs=3', 'train_cfg.val_interval=9'),
    *('model.backbone.base_channels=8', 'model.backbone.stem_channels=8'),
    *('model.neck.in_channels=64', 'model.neck.hid_channels=1536'),
    *('model.neck.out_channels=1536', 'model.head.in_channels=1536'),
    *('train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False'),
    *('train_dataloader.batch_size=224', 'default_hooks.checkpoint.interval=2'),
    *('default_hooks.checkpoint.by_epoch=False', 'param_scheduler.warmup=1'),
    'default_hooks.pixels.images=0',
]


def attack(folder: Path, kills: int, keep: int, seed: int = 0) -> dict:
    """`kills` of runs that keep `keep` checkpoints; half of them aim at the writing.

    A run is lost if it had a checkpoint and has no good one now, if it cannot be resumed, or if it
    ends with other weights than the run that nobody interrupted.
    """
    rng = random.Random(seed)
    options = [*OPTIONS, f'default_hooks.checkpoint.max_keep_ckpts={keep}']
    start = time.monotonic()
    assert Training(CONFIG, folder / 'whole', options).wait() == 0
    length = time.monotonic() - start
    expected = final_state(folder / 'whole')
    found: dict[str, Any] = dict(keep=keep, kills=0, writing=0, runs=0, lost=0, faults=[])
    while found['kills'] < kills:
        run, fault = folder / f'run{found["runs"]}', ''
        for _ in range(min(EACH, kills - found['kills'])):
            aimed = found['kills'] % 2 == 0
            if not (killed := _kill(run, options, rng, length, aimed)):
                break  # it was quicker
            found['kills'] += killed
            found['writing'] += killed and aimed
            had = fault or list(run.glob('*_*.pth'))
            if had and last_checkpoint_in(run)[0] is None:
                fault = f'{run.name}: no good checkpoint is left'
        status = Training(CONFIG, run, options).wait()
        if status:
            fault = f'{run.name}: resumed with status {status}, see {run}.log'
        elif not fault and (other := list(differences(expected, final_state(run)))):
            fault = f'{run.name}: {len(other)} values differ, the first is {other[0]}'
        left = [path.name for path in run.glob(f'{TEMPORARY}*')]
        if not fault and left:
            fault = f'{run.name}: temporary files stay: {left}'
        found['runs'] += 1
        found['lost'] += bool(fault)
        found['faults'] += [fault] * bool(fault)
        if not fault:
            shutil.rmtree(run)
    return found


def _kill(run: Path, options: list[str], rng: random.Random, length: float, aimed: bool) -> bool:
    training = Training(CONFIG, run, options)
    if aimed:
        nth = rng.randint(1, 4)
        seen: set[str] = set()

        def writing() -> bool:
            seen.update(path.name for path in run.glob(f'{TEMPORARY}*'))
            return len(seen) >= nth

        ended = training.wait(writing)
        time.sleep(rng.uniform(0, 0.08))
    else:
        end = time.monotonic() + rng.uniform(0.2, 1) * length
        ended = training.wait(lambda: time.monotonic() > end)
    if ended is not None:
        return False
    training.send(signal.SIGKILL)
    training.wait()
    return True
