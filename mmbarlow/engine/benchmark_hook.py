"""A training that judges a network: its weights go in, metrics come out."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from torch import Tensor

from mmbarlow.checkpoints import check_fits, keep_plain, unwrap
from mmbarlow.errors import InputError


class BenchmarkHook(Hook):
    """Loads the judged network into the model and keeps the metrics, over interruptions too.

    Not registered: `mmbarlow.evaluation.training` makes it, around a network in memory.

    Args:
        state: tensors of the judged backbone.
        key: of the network and the recipe; a checkpoint with another one is of something else.
    """

    priority = 'VERY_HIGH'  # the weights are there before FrozenHook copies them

    def __init__(self, state: dict[str, Tensor], key: str) -> None:
        self.state = state
        self.key = key
        self.metrics: dict[str, float] = {}
        self.best = 0.0

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        keep_plain(checkpoint)
        checkpoint['benchmark'] = dict(key=self.key, best=self.best)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        self.best = checkpoint['benchmark']['best']

    def before_train(self, runner) -> None:
        """The first moment after the model's own initialisation."""
        if runner.epoch == 0:
            self.load(unwrap(runner.model).backbone)
        elif runner.epoch % runner.val_interval == 0 or runner.epoch == runner.max_epochs:
            # An epoch's checkpoint is written before the epoch is judged: judge it now.
            runner.val_loop.run()

    def load(self, backbone: Any) -> None:
        inner = getattr(backbone, 'backbone', backbone)  # of mmbarlow.StemResNet
        check_fits(inner, self.state, 'the judged network')
        inner.load_state_dict(self.state)

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        check_labels(runner, data_batch, 'training')

    def before_val_iter(self, runner, batch_idx, data_batch=None) -> None:
        check_labels(runner, data_batch, 'test')

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        self.metrics = {name.split('/')[-1]: value for name, value in (metrics or {}).items()}
        if 'top1' in self.metrics:
            self.best = max(self.best, self.metrics['top1'])
            self.metrics['top1_best'] = self.best


def check_labels(runner, data_batch, split: str) -> None:
    """Raises InputError for a label that the classifier has no output for.

    Before the loss does: on a GPU that would be a device-side assertion.
    """
    assert isinstance(data_batch, dict)
    samples: Sequence = data_batch['data_samples']
    classes = unwrap(runner.model).head.num_classes
    for sample in samples:
        if 'gt_label' not in sample:
            raise InputError(f'the {split} data has no labels, and a classifier needs them.')
        label = int(sample.gt_label)
        if not 0 <= label < classes:
            raise InputError(
                f'the {split} data has the label {label}, and the classifier has the classes 0 to '
                f'{classes - 1}: set model.head.num_classes.'
            )
