"""Whether memory or open files grow with the number of steps."""

import os
import time
from pathlib import Path
from typing import Any

from attacks.runs import Training
from mmbarlow.paths import CONFIGS

EPOCH = 100  # steps
CONFIG = CONFIGS / 'barlowtwins' / 'barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
OPTIONS = [
    *('train_dataloader.batch_size=8', f'train_dataloader.dataset.indices={8 * EPOCH}'),
    *('model.backbone.base_channels=8', 'model.backbone.stem_channels=8'),
    *('model.neck.in_channels=64', 'model.neck.hid_channels=16'),
    *('model.neck.out_channels=16', 'model.head.in_channels=16'),
    *('default_hooks.checkpoint.interval=5', 'train_cfg.val_interval=5'),
    *('default_hooks.logger.interval=10', 'param_scheduler.warmup=0'),
]


def attack(folder: Path, steps: int, first: int) -> dict:
    """Resident size and open files after `first` steps and after `steps`, of one training.

    It logs, validates and writes checkpoints, all of them before the first look, too.
    """
    options = [*OPTIONS, f'train_cfg.max_epochs={steps // EPOCH + 1}']
    training = Training(CONFIG, folder / 'long', options)
    found: dict[str, Any] = {}
    for name, at in (('first', first), ('last', steps)):
        lines = at // 10
        while training.lines() < lines:
            assert training.poll() is None, f'it ended: see {training.log}'
            time.sleep(0.2)
        found[name] = dict(step=at, **_held(training.pid))
    status = training.wait()
    grown = found['last']['resident_mb'] / found['first']['resident_mb'] - 1
    return dict(found, status=status, growth=round(grown, 4))


def _held(process: int) -> dict[str, float]:
    pages = int(Path(f'/proc/{process}/statm').read_text().split()[1])
    files = len(list(Path(f'/proc/{process}/fd').iterdir()))
    return dict(resident_mb=pages * os.sysconf('SC_PAGE_SIZE') / 1e6, open_files=files)
