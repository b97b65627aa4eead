"""What the rules of `failure_rules.py` look at: ratios of measured values, and settings."""

from collections.abc import Mapping
from typing import Any

from mmengine.runner import Runner

from mmbarlow.checkpoints import unwrap
from mmbarlow.datasets.view import View
from mmbarlow.engine.lars import LARS
from mmbarlow.engine.terminal import batch_size
from mmbarlow.loss import loss_floor
from mmbarlow.loss.distributed import world_size
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead

GROWING = (
    'weight_norm',
    'gradient_norm',
    'rankme',
)  # of which the rules see the ratio to the first


def signs_of(
    values: Mapping[str, float], first: Mapping[str, float], settings: Mapping[str, Any]
) -> dict[str, float]:
    """Values by name, with what makes them comparable between runs.

    Args:
        values: `SpectrumHook.values`.
        first: those of the run's first measurement.
        settings: see `rule_settings`.
    """
    signs = dict(values) | {k: v for k, v in settings.items() if isinstance(v, int | float)}
    for name in GROWING:
        if first.get(name) and name in values:
            signs[f'{name}_growth'] = values[name] / first[name]
    width = settings.get('width')
    if width and settings.get('batch') and {'rankme', 'diagonal'} <= values.keys():
        signs['rank_share'] = values['rankme'] / min(width, settings['batch'])
    if width and 'dead' in values:
        signs['dead_share'] = values['dead'] / width
    if {'diagonal', 'off_diagonal'} <= values.keys():
        diagonal, off = values['diagonal'], values['off_diagonal']
        signs['sameness'] = min(1.0, off / max(diagonal, 1e-6))  # above 1 where both are chance
        if width and 'lambd' in settings:
            # of the loss, sum_i (1 - C_ii)^2 + lambda sum_ij C_ij^2, the mean C_ii for each of them
            redundancy = settings['lambd'] * (width - 1) * off**2
            loss = (1 - diagonal) ** 2 + redundancy
            signs['redundancy_share'] = redundancy / loss if loss else 0.0
            if settings.get('batch', 0) > 1:
                # views without anything in common: C_ii near 0, C_ij of variance 1 / (N - 1)
                chance = 1 + settings['lambd'] * (width - 1) / (settings['batch'] - 1)
                signs['loss_over_chance'] = loss / chance
    return signs


def rule_settings(runner: Runner) -> dict[str, Any]:
    """What a run is set to, for the rules and in their sentences: numbers, and names of keys."""
    model: Any = unwrap(runner.model)
    wrapper: Any = runner.optim_wrapper
    wrappers = list(getattr(wrapper, 'optim_wrappers', {}).values()) or [wrapper]
    groups = [group for w in wrappers for group in w.optimizer.param_groups]
    rates = {id(p): g.get('initial_lr', g['lr']) for g in groups for p in g['params']}
    added = [rate for p in model.parameters() if p.ndim < 2 and (rate := rates.get(id(p)))]
    rate = max(rates.values(), default=0.0)
    scaled = any(isinstance(w.optimizer, LARS) for w in wrappers)
    head: Any = getattr(model, 'head', None)
    views, view = first_view(dict(train_dataloader=runner.cfg.get('train_dataloader')))
    found: dict[str, Any] = dict(
        batch=(batch_size(runner.train_dataloader) or 0) * world_size(),
        rate=rate,
        bias_rate=max(added, default=0.0),
        lars_bias_ratio=max(added, default=0.0) / rate if scaled and rate else 0.0,
        weight_decay=max(group.get('weight_decay', 0.0) for group in groups),
        trained=_share(model, rates),
        backbone_trained=_share(getattr(model, 'backbone', model), rates),
        views=views,
        std=(runner.cfg.get('model', {}).get('data_preprocessor') or {}).get('std'),
        crop_scale=view.get('crop_scale', View.crop_scale),
    )
    found |= {'width': head.in_channels} if hasattr(head, 'in_channels') else {}
    if isinstance(head, CrossCorrelationHead):
        found['lambd'] = head.lambd
        if found['batch'] > 1:
            found['floor'] = loss_floor(found['batch'], head.in_channels, head.lambd)
            found['floor_share'] = found['floor'] / head.in_channels
    return found


def _share(module: Any, rates: dict[int, float]) -> float:
    """Of the numbers of a module's parameters, those that an optimizer moves."""
    counts = [(p.numel(), p.requires_grad and rates.get(id(p), 0) > 0) for p in module.parameters()]
    return sum(n for n, moves in counts if moves) / max(1, sum(n for n, _ in counts))


def first_view(node: Any, key: str = '') -> tuple[str, dict]:
    """The key of what makes the views in a config, and its options for the first one."""
    for name in ('view_a', 'global_views'):
        made = node.get(name) if isinstance(node, dict) else None
        if isinstance(made, dict):
            return f'{key}.{name}', made
        if isinstance(made, list) and made:  # as of pairs and of mmbarlow.MultiViews
            return f'{key}.{name}.0', made[0]
    pairs = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for name, child in pairs:
        if (found := first_view(child, f'{key}.{name}' if key else str(name)))[0]:
            return found
    return '', {}
