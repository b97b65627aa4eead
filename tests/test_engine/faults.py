"""Parts of a run that make NaN or Inf at given steps, for real."""

from collections.abc import Iterable
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from mmengine.registry import HOOKS, MODELS
from mmpretrain.models import SelfSupDataPreprocessor
from torch import nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.config import load_config
from mmbarlow.loss.distributed import rank
from mmbarlow.models.projector import BarlowTwinsNeck

TINY = [
    'train_cfg.max_epochs=2',
    'param_scheduler.warmup=0',
    'train_dataloader.batch_size=8',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'train_dataloader.dataset.indices=32',
    'model.backbone.stem_channels=8',
    'model.backbone.base_channels=8',
    'model.neck.in_channels=64',
    'model.neck.hid_channels=16',
    'model.neck.out_channels=16',
    'model.head.in_channels=16',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.max_keep_ckpts=9',
]
LARS = dict(
    type='OptimWrapper',
    optimizer=dict(type='mmbarlow.LARS', lr=0.4, momentum=0.9, weight_decay=1e-6),
    constructor='mmbarlow.NdimParamGroups',
    paramwise_cfg=dict(bias_lr=0.0048),
)


def due(steps: Iterable[int], processes: Iterable[int] = ()) -> bool:
    """Whether the step that runs now, from 1, is one of `steps`."""
    now = MessageHub.get_current_instance().get_info('iter', -1) + 1
    return now in steps and (not processes or rank() in processes)


@MODELS.register_module()
class PoisonedPreprocessor(SelfSupDataPreprocessor):
    """NaN in the first view of the second image."""

    def __init__(self, *args, steps=(), processes=(), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.steps, self.processes = steps, processes

    def forward(self, data, training=False):
        data = super().forward(data, training)
        if training and due(self.steps, self.processes):
            data['inputs'][0][1] = float('nan')
        return data


class Overflow(nn.Module):
    def forward(self, x):
        return x * 1e38 * 1e38


class RootAtZero(nn.Module):
    """The value x, and a gradient of 0 * Inf."""

    def forward(self, x):
        return x + (0 * x).sum().abs().sqrt()


class WideStatistics(nn.Module):
    """The value x, and a running variance of Inf."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(16, affine=False)

    def forward(self, x):
        return x + 0 * self.bn(1e30 * x.detach())


@MODELS.register_module()
class FaultyNeck(BarlowTwinsNeck):
    """A projector followed by a fault at given steps."""

    def __init__(self, *args, fault='Overflow', steps=(), processes=(), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = dict(Overflow=Overflow, RootAtZero=RootAtZero, WideStatistics=WideStatistics)
        self.fault, self.steps, self.processes = kinds[fault](), steps, processes

    def forward(self, feats):
        z = super().forward(feats)
        return self.fault(z) if due(self.steps, self.processes) else z


@HOOKS.register_module()
class SeenStates(Hook):
    """All that a step moves, before and after each step of the last run, and its rates."""

    priority = 'LOWEST'
    before: dict[int, dict] = {}  # noqa: RUF012
    after: dict[int, dict] = {}  # noqa: RUF012
    rates: dict[int, float] = {}  # noqa: RUF012

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        SeenStates.before[runner.iter + 1] = state(runner)
        SeenStates.rates[runner.iter + 1] = runner.optim_wrapper.optimizer.param_groups[0]['lr']

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        SeenStates.after[runner.iter + 1] = state(runner)


def state(runner) -> dict[str, torch.Tensor]:
    found = {k: v.clone() for k, v in unwrap(runner.model).state_dict().items()}
    for number, values in enumerate(runner.optim_wrapper.optimizer.state.values()):
        found |= {f'{number} {k}': v.clone() for k, v in values.items() if torch.is_tensor(v)}
    return found


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether they have the same numbers, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def config(path: Path, work_dir: Path, *options: str, guard: dict | None = None, **entries):
    """A run of 2 epochs of 4 steps."""
    pairs = dict(option.split('=', 1) for option in [*TINY, *options])
    cfg = load_config(path, {}, str(work_dir))
    cfg.optim_wrapper = Config(dict(x=LARS)).x
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in pairs.items()})
    cfg.default_hooks.finite_loss.update(guard or {})
    cfg.custom_hooks = [dict(type='SeenStates')]
    for key, value in entries.items():
        cfg[key] = value
    for seen in (SeenStates.before, SeenStates.after, SeenStates.rates):
        seen.clear()
    return cfg


def poison_views(cfg, *steps: int, **more) -> None:
    cfg.model.data_preprocessor.update(type='PoisonedPreprocessor', steps=steps, **more)


def break_neck(cfg, fault: str, *steps: int, **more) -> None:
    cfg.model.neck.update(type='FaultyNeck', fault=fault, steps=steps, **more)
