"""Numbers and pictures of a run for TensorBoard, Weights & Biases, MLflow and ClearML.

    python tools/train.py CONFIG --track tensorboard wandb
    mmbarlow pretrain photos --track mlflow

`track` at the top of a config is the same. It adds MMEngine's backends to the config, with what
they need to be of use; whoever wants other options writes `visualizer.vis_backends`.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmbarlow.errors import InputError
from mmbarlow.optional import package

PROJECT = 'mmbarlow'  # under which trackers with several projects have the runs
TRACKERS = ('tensorboard', 'wandb', 'mlflow', 'clearml', 'local')


def use_trackers(cfg: Config) -> None:
    """Replace `track` of a config by the backends that it names, and pictures for them.

    Raises:
        InputError: a name is unknown, or a package is not installed.
    """
    track = cfg.pop('track', None) or []
    names = [track] if isinstance(track, str) else list(track)
    if not names:
        return
    if unknown := [name for name in names if name not in TRACKERS]:
        raise InputError(f'track={unknown[0]} is none of {", ".join(TRACKERS)}.')
    for name in names:
        if name != 'local' and importlib.util.find_spec(name) is None:
            package(name, f'--track {name}', 'tracking')
    visualizer: dict[str, Any] = cfg.get('visualizer') or dict(type='Visualizer')
    own: Any = visualizer.get('vis_backends') or []
    own = own if isinstance(own, list) else [own]
    new = [backend_for(name, Path(cfg.work_dir).absolute()) for name in dict.fromkeys(names)]
    kinds = {_kind(backend) for backend in own}
    visualizer['vis_backends'] = [*own, *(b for b in new if _kind(b) not in kinds)]
    cfg.visualizer = visualizer
    # A validation is then at its iteration, as every other value, and not at its epoch.
    cfg.merge_from_dict({'default_hooks.logger.log_metric_by_epoch': False})
    hooks = cfg.get('custom_hooks') or []
    if not any(_kind(hook) == 'FiguresHook' for hook in hooks):
        cfg.custom_hooks = [*hooks, dict(type='mmbarlow.FiguresHook')]


def backend_for(name: str, work_dir: Path) -> dict[str, Any]:
    """The config of a backend; a run has the name of its work dir, and no weights are sent."""
    if name == 'wandb':
        start = dict(project=PROJECT, name=work_dir.name, group=work_dir.name)
        return dict(type='mmbarlow.WandbSteps', init_kwargs=start)
    if name == 'mlflow':
        server = os.environ.get('MLFLOW_TRACKING_URI')
        place = dict(tracking_uri=server) if server else dict(save_dir=str(work_dir / 'mlruns'))
        about: dict[str, Any] = dict(exp_name=PROJECT, run_name=work_dir.name, artifact_suffix=())
        return dict(type='mmbarlow.MlflowSteps', **about, **place)
    if name == 'clearml':
        # ClearML would take all that is sent to TensorBoard, drawn or saved a second time.
        alone = dict(auto_connect_frameworks=False, auto_connect_arg_parser=False)
        task = dict(project_name=PROJECT, task_name=work_dir.name, reuse_last_task_id=False)
        return dict(type='mmbarlow.QuietClearml', init_kwargs=task | alone, artifact_suffix=())
    kinds = dict(tensorboard='TensorboardVisBackend', local='LocalVisBackend')
    return dict(type=kinds[name])


def _kind(entry: Any) -> str:
    return str(entry.get('type')).split('.')[-1]
