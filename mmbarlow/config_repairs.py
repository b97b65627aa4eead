"""Entries of a config that contradict others, where only one can be meant."""

from collections.abc import Iterable

from mmbarlow.errors import InputError

THEIRS = {'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint'}
OF_WORKERS = ('persistent_workers', 'prefetch_factor', 'multiprocessing_context', 'timeout')


def drop_worker_options(nodes: Iterable[dict]) -> None:
    """Take the options of workers from loaders with `num_workers=0`, where torch refuses them.

    Raises:
        InputError: a number of workers is negative or no number.
    """
    for node in nodes:
        workers = node.get('num_workers', 1)
        if not isinstance(workers, int) or workers < 0:
            raise InputError(f'num_workers is {workers}: give a whole number, or 0 for none.')
        if workers == 0:
            for key in OF_WORKERS:
                node.pop(key, None)


def drop_unset_hooks(cfg: dict) -> None:
    """Leave out the hooks of `default_hooks` that are None, as MMEngine does with its own alone."""
    hooks = cfg.get('default_hooks') or {}
    for name in [name for name, hook in hooks.items() if hook is None and name not in THEIRS]:
        del hooks[name]


def drop_impossible_topk(cfg: dict) -> None:
    """Take each k from the accuracies that the classes of `model.head` leave nothing to say of."""
    classes = ((cfg.get('model') or {}).get('head') or {}).get('num_classes')
    for key in ('val_evaluator', 'test_evaluator'):
        metrics = cfg.get(key) or []
        for metric in metrics if isinstance(metrics, list | tuple) else [metrics]:
            if isinstance(metric, dict) and isinstance(classes, int) and 'topk' in metric:
                k = metric['topk']
                k = k if isinstance(k, list | tuple) else [k]
                metric['topk'] = tuple(n for n in k if n == 1 or n < classes) or (1,)
