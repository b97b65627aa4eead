"""What a benchmark that trains adds to the run: a network's weights go in, metrics come out."""

from collections.abc import Callable

from mmengine.hooks import Hook
from torch import nn

from mmbarlow.checkpoints import unwrap


class BenchmarkHook(Hook):
    """Loads the evaluated network into the model and keeps the metrics, across interruptions too.

    Not registered: `mmbarlow.evaluation.training` builds it around a network in memory.

    Args:
        load: puts the evaluated network's tensors into the model.
        key: of network and recipe; the checkpoints carry it, see `benchmark_key`.
    """

    priority = 'VERY_HIGH'  # FrozenHook copies the weights after they are loaded

    def __init__(self, load: Callable[[nn.Module], None], key: str) -> None:
        self.load = load
        self.key = key
        self.metrics: dict[str, float] = {}
        self.best = 0.0

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['benchmark'] = dict(key=self.key, best=self.best)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        self.best = checkpoint['benchmark']['best']

    def before_train(self, runner) -> None:
        """The first moment after the model's own initialization."""
        if runner.iter == 0:
            self.load(unwrap(runner.model))

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        self.metrics = {name.split('/')[-1]: value for name, value in (metrics or {}).items()}
        if 'top1' in self.metrics:
            self.best = max(self.best, self.metrics['top1'])
            self.metrics['top1_best'] = self.best
