"""What the folder of a run holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.config import load_config, type_name
from mmbarlow.engine.last_checkpoint import last_checkpoint_in, replaced_files
from mmbarlow.engine.numbered_checkpoints import is_unchanged
from mmbarlow.errors import InputError, one_line
from mmbarlow.loss import loss_floor
from mmbarlow.models.encoder_description import modalities_of
from mmbarlow.zoo.curve import Points, read_curve, read_lines
from mmbarlow.zoo.records import Record, read
from mmbarlow.zoo.runs import LABELS

BROKEN = re.compile(r'broken image, replaced by another one: (.+) \((.+?)\)$')


@dataclass
class RunFolder:
    """A run as far as it has come; what cannot be read is in `troubles`, in a sentence each."""

    path: Path
    config: Config | None = None
    backbone: Path | None = None
    checkpoint: Path | None = None
    curve: Points = field(default_factory=list)
    lines: Points = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)  # of the last checkpoint

    @property
    def name(self) -> str:
        file = self.config.filename if self.config else None
        return Path(file or self.path.resolve()).stem

    @property
    def unit(self) -> str:
        """What the curve counts: 'epoch' or 'iteration'."""
        return next(iter(self.curve[-1])) if self.curve else 'epoch'

    @property
    def planned(self) -> int | None:
        """The epochs or iterations that the config asks for."""
        plan = self.config.get('train_cfg') or {} if self.config else {}
        return plan.get('max_epochs' if self.unit == 'epoch' else 'max_iters')

    @property
    def share(self) -> float:
        """Of the training that is done; 1 where that cannot be told."""
        if self.backbone or not self.planned:
            return 1.0
        return self.curve[-1][self.unit] / self.planned if self.curve else 0.0

    @property
    def method(self) -> str:
        """The kind of pretraining, in words."""
        model = self.pretraining.model if self.pretraining else None
        if model is None and self.config and self.config.get('model'):
            return f'A pretraining with {type_name(self.config.model.type)}'
        return f'A pretraining with {LABELS.get(model or "", model or "an unknown method")}'

    @property
    def floor(self) -> float | None:
        """Of the loss; None where the loss is not that of Barlow Twins, or the batch is unknown."""
        head = ((self.config or {}).get('model') or {}).get('head') or {}
        batch = self.batch
        kind = str(head.get('type')).removeprefix('mmbarlow.')
        if kind != 'CrossCorrelationHead' or not batch or batch < 2:
            return None
        return loss_floor(batch, head.get('in_channels', 0), head.get('lambd', 0.0051))

    @property
    def batch(self) -> int | None:
        """Images of a step, of all processes."""
        facts = self.meta.get('facts', {})
        loader = (self.config or {}).get('train_dataloader') or {}
        return facts.get('batch (of all processes)') or loader.get('batch_size')

    @property
    def pretraining(self) -> Record | None:
        found = [r for r in self.records if r.task == 'pretrain']
        return max(found, key=lambda r: r.date, default=None)

    def broken_images(self) -> dict[str, str]:
        """Path and reason of each image that training replaced by another one."""
        logs = sorted(self.path.glob('*/*.log'))
        lines = (line for log in logs for line in log.read_text('utf-8', 'replace').splitlines())
        return {m[1]: m[2] for m in map(BROKEN.search, lines) if m}


def read_run(path: Path) -> RunFolder:
    """What `path` holds of a run.

    Raises:
        InputError: it is no folder of a run.
    """
    if not path.is_dir():
        raise InputError(f'there is no folder {path}: give the output folder of a pretraining.')
    run = RunFolder(path, backbone=_backbone(path))
    try:
        run.checkpoint = last_checkpoint_in(path)[0]
        if run.checkpoint:
            run.meta = read_checkpoint(run.checkpoint).get('meta', {})
    except InputError as error:
        run.checkpoint = None
        run.troubles.append(one_line(error))
    run.curve, run.lines = read_curve(path), read_lines(path)
    configs = sorted(path.glob('*.py'), key=lambda p: p.stat().st_mtime)
    if not (run.backbone or run.checkpoint or run.curve or run.lines or _started(path)):
        raise InputError(_no_run(path))
    named = [p for p in configs if run.backbone and run.backbone.name == f'{p.stem}_backbone.pth']
    for config in (named or configs)[-1:]:
        try:
            run.config = load_config(config)
        except InputError as error:
            run.troubles.append(one_line(error))
    if run.config and len(names := modalities_of(run.config)) > 1:
        raise InputError(
            f'{path} is of the modalities {" and ".join(names)}, and a report is of one encoder: '
            'mmbarlow evaluate takes each NAME.MODALITY_backbone.pth.'
        )
    if not configs:
        run.troubles.append('The folder has no config, so data and network are unknown.')
    run.records = list(_records(run))
    return run


def _backbone(path: Path) -> Path | None:
    """The newest one that no later start replaces."""
    replaced = replaced_files(path)
    exported = [p for p in path.glob('*_backbone.pth') if not is_unchanged(p, replaced)]
    return max(exported, key=lambda p: p.stat().st_mtime, default=None)


def _started(path: Path) -> bool:
    return any(path.glob('*/start.json'))


def _no_run(path: Path) -> str:
    below = {log.parents[2] for log in path.glob('*/*/vis_data/scalars.json')}
    below |= {backbone.parent for backbone in path.glob('*/*_backbone.pth')}
    near = f': give one of {", ".join(map(str, sorted(below)[:5]))}' if below else ''
    what = 'neither logs nor a checkpoint nor a *_backbone.pth'
    return f'{path} is no folder of a run, since it has {what}{near or ": give its output folder"}.'


def _records(run: RunFolder) -> Iterator[Record]:
    for file in sorted((run.path / 'records').glob('*.json')):
        try:
            yield read(file)
        except InputError as error:
            run.troubles.append(one_line(error))
