"""Trainings that are told to stop at any step, by a signal, and are resumed by another process."""

import random
import shutil
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attacks.runs import Training, differences, final_state
from attacks.trainings import OPTIONS, TABLE
from mmbarlow.paths import CONFIGS

STEPS, STOPS = 40, 3
LONGER = [
    *('train_dataloader.dataset.indices=80', 'train_cfg.max_epochs=4', 'train_cfg.val_interval=2'),
    *('default_hooks.logger.interval=1', 'resume=True'),
]


def attack(folder: Path, only: Sequence[str] | None = None, seed: int = 0) -> Iterator[dict]:
    """Each training of `TABLE`, or of `only`, ends with the bits of the one that is not stopped."""
    yield from (_stop(folder / name, name, seed) for name in only or TABLE)


def _stop(folder: Path, name: str, seed: int) -> dict:
    rng = random.Random(f'{seed} {name}')
    file, options, entries = TABLE[name]
    config = folder / f'{name}.py'
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'{key} = {value!r}' for key, value in entries.items()]
    config.write_text('\n'.join([f'_base_ = {str(CONFIGS / file)!r}', *lines]))
    options = [*OPTIONS, *LONGER, *(option for option in options if 'indices' not in option)]
    if 'train_cfg' in entries:
        options = [o for o in options if 'max_epochs' not in o and 'warmup' not in o]
        options += [f'train_cfg.max_iters={STEPS}', 'train_cfg.val_interval=10']
    whole, run = folder / 'whole', folder / 'run'
    assert Training(config, whole, options).wait() == 0, f'see {whole}.log'
    found: dict[str, Any] = dict(training=name, stopped_at=[], lost=False, fault='')
    for step in sorted(rng.sample(range(1, STEPS), STOPS)):
        training = Training(config, run, options)
        wanted = max(step, training.lines() + 1)
        ended = training.wait(lambda t=training, wanted=wanted: t.lines() >= wanted)
        if ended is None:
            training.send(signal.SIGTERM)
            ended = training.wait()
        if ended not in (0, 128 + signal.SIGTERM):
            found['fault'] = f'it left with status {ended}, see {run}.log'
        found['stopped_at'].append(final_state(run)['iter'])
    ended = Training(config, run, options).wait() if found['stopped_at'][-1] < STEPS else 0
    differ = list(differences(final_state(whole), final_state(run)))
    if ended or differ:
        found['fault'] = f'status {ended}; {len(differ)} values differ: {differ[:2]}'
    found['lost'] = bool(found['fault'])
    if not found['lost']:
        shutil.rmtree(folder)
    return found
