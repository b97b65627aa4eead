"""From a config to a trained network, a pretrained one or a fine-tuned detector."""

import gc
import logging
import time
from contextlib import ExitStack
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmbarlow.checkpoints import check_fits, read_checkpoint, unwrap
from mmbarlow.config import check_data_folders
from mmbarlow.config_files import explained
from mmbarlow.engine.agreement import check_same_config
from mmbarlow.engine.attempt import undone_if_it_fails
from mmbarlow.engine.bf16 import mixed_dtype, wrapper_for
from mmbarlow.engine.export_hook import backbone_files
from mmbarlow.engine.finite_loss_hook import FiniteLossHook
from mmbarlow.engine.last_checkpoint import latest_checkpoint
from mmbarlow.engine.loss_floors import floor_of
from mmbarlow.engine.online import use_online_evaluation
from mmbarlow.engine.parallel import warn_of_local_norms
from mmbarlow.engine.preflight import check_run, warn_of_lars
from mmbarlow.engine.resident_hook import use_resident
from mmbarlow.engine.restarts import jobs
from mmbarlow.engine.rollback import RolledBack
from mmbarlow.engine.run_settings import adopt_seed
from mmbarlow.engine.scalars import keep_scalars
from mmbarlow.engine.signals_hook import SignalsHook
from mmbarlow.engine.starting import StartingRunner, check_start
from mmbarlow.engine.terminal import announce
from mmbarlow.engine.tracking import use_trackers
from mmbarlow.engine.work_dir import claimed, remove_replaced
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first, start_processes
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.encoder_description import state_order
from mmbarlow.models.two_modalities.two_modality_barlow_twins import TwoModalityBarlowTwins
from mmbarlow.models.width import check_width
from mmbarlow.signals import handled


@handled()
def pretrain(cfg: Config, quiet: bool = False, force: bool = False, requeue: bool = False) -> Path:
    """Train what `cfg` describes; results go to its `work_dir`.

    Args:
        cfg: from `load_config`, with several processes after `launch.prepare_processes`. Changed.
        quiet: log to the file in the work dir alone.
        force: take a work dir that holds a run, and remove what it has left when this one is done.
        requeue: have Slurm start the job again after its warning, SIGUSR1 or SIGUSR2.

    Returns:
        The backbone that `mmbarlow.ExportHook` writes if the config has it, the first of two
        modalities; records/ is beside it.

    Raises:
        InputError: the config, the data and the weights that it names do not fit together, or the
            work dir is another run's.
        Unfinished: the time limit is reached, see `limit_time`.
        Signaled: a signal has come, see `SignalsHook`; before the first step, nothing is left.
    """
    carried: dict = {}
    use_online_evaluation(cfg)
    use_trackers(cfg)
    use_resident(cfg)
    while True:
        try:
            return _train(cfg, quiet, force, requeue, carried)
        except RolledBack as back:
            # As after an interruption, but for what the guard has learned.
            cfg.resume, cfg.load_from, force = True, str(back.checkpoint), False
            carried = back.state
        cfg.pop('experiment_name', None)
        gc.collect()  # the network of before


def _train(cfg: Config, quiet: bool, force: bool, requeue: bool, carried: dict) -> Path:
    """`pretrain` up to a rollback; `carried` is the state of the guard after the last one."""
    check_data_folders(cfg)
    start_processes(cfg.get('launcher', 'none'), **cfg.get('env_cfg', {}).get('dist_cfg', {}))
    state_order(cfg)
    check_same_config(cfg)
    if cfg.get('resume') and not cfg.get('load_from'):
        path = on_first(lambda: latest_checkpoint(cfg.work_dir))
        cfg.resume, cfg.load_from = path is not None, path
    check_start(cfg)
    check_width(cfg)
    resumed = cfg.load_from if cfg.get('resume') else None
    weights = read_checkpoint(resumed) if resumed else {}
    if resumed:
        adopt_seed(cfg, weights.get('meta', {}), resumed)
    # MMEngine keeps a log for each name, and its own names are new only every second.
    cfg.setdefault('experiment_name', f'{Path(cfg.filename).stem}_{time.time_ns()}')
    keep_scalars(cfg)
    with claimed(cfg, force) as replaces, ExitStack() as attempt:
        attempt.enter_context(undone_if_it_fails(cfg))
        with explained('the config'):
            runner = (_QuietRunner if quiet else StartingRunner).from_cfg(cfg)
            assert isinstance(runner, StartingRunner)
            # MMEngine builds these late. A fault in the config must show before the first step.
            _ = runner.train_loop, runner.val_loop
            runner.optim_wrapper = runner.build_optim_wrapper(cfg.optim_wrapper)
            if resumed:
                check_fits(unwrap(runner.model), weights.get('state_dict', weights), resumed)
            del weights  # some gigabytes, which no training needs
            runner.register_hook(SignalsHook(requeue))
            check_run(runner)
        for hook in runner.hooks:
            if isinstance(hook, FiniteLossHook):
                hook.carried = carried
        runner.start['replaces'] = replaces
        runner.resumes_finished = bool(jobs(restarted=True))

        def started() -> None:
            attempt.close()  # what is written from now on stays
            announce(runner, (floor_of(runner) or [None])[0])
            warn_of_accumulation(runner)
            warn_of_local_norms(runner)
            warn_of_lars(runner)

        runner.started = started
        runner.train()
        runner.logger.info(f'Done. Checkpoints, log and curves: {runner.work_dir}')
        on_first(lambda: remove_replaced(cfg.work_dir, runner.start['replaces']))
    return next(iter(backbone_files(cfg, Path(cfg.work_dir)).values()))


def use_mixed_precision(cfg: Config) -> None:
    """Compute in bf16, or in fp16 on a GPU that has no bf16 of its own."""
    dtype = mixed_dtype('cuda' if torch.cuda.is_available() else 'cpu')
    cfg.optim_wrapper.type = wrapper_for(dtype)


def limit_time(cfg: Config, minutes: float) -> None:
    """Stop after the last epoch that fits into `minutes`.

    Raises:
        InputError: `minutes` is not positive, or the config does not count epochs.
    """
    if not minutes > 0:
        raise InputError(f'--minutes {minutes:g} is no time: give more than 0.')
    if not cfg.train_cfg.get('by_epoch'):
        raise InputError('--minutes stops between epochs, and this config counts iterations.')
    limit = dict(type='mmbarlow.TimeLimitHook', minutes=minutes)
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), limit]


def resume_from(cfg: Config, checkpoint: str = 'auto') -> None:
    """Continue from `checkpoint`; 'auto' is the last one in the work dir.

    Raises:
        InputError: the work dir has no checkpoint.
    """
    path = latest_checkpoint(cfg.work_dir) if checkpoint == 'auto' else checkpoint
    if path is None:
        raise InputError(
            f'nothing to resume: {cfg.work_dir} has no checkpoint. Start without --resume, or give '
            'the --work-dir of the run that was interrupted.'
        )
    cfg.resume, cfg.load_from = True, path


def warn_of_accumulation(runner: Runner) -> None:
    """Say what the accumulation of gradients does not do for Barlow Twins."""
    steps = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
    if steps > 1 and isinstance(unwrap(runner.model), BarlowTwins | TwoModalityBarlowTwins):
        runner.logger.warning(
            f'optim_wrapper.accumulative_counts={steps} is not a larger batch for Barlow Twins: C '
            'is computed on each small batch separately, which is another loss. For the loss of '
            'the large batch in the memory of a small one, set train_dataloader.batch_size to the '
            'large one and model.chunk_size to the small one.'
        )


def add_scale(cfg: Config, reduced: str) -> None:
    """Have the record say what is `reduced`, after what the config says already."""
    if hook := cfg.default_hooks.get('export'):
        hook.scale = combined_scale(hook.get('scale', 'full'), reduced)


def combined_scale(first: str, second: str | None) -> str:
    """The `scale` of a record: 'full' only where neither part of the work was reduced."""
    both = f'{first.rstrip(".")}; {second}'
    return both if second and first != 'full' else second or first


class _QuietRunner(StartingRunner):
    def build_logger(self, *args, **kwargs) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        logger.handlers = [h for h in logger.handlers if isinstance(h, logging.FileHandler)]
        return logger
