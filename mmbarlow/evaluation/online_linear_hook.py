"""A linear probe that is trained beside the network, which does not notice."""

from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.lazy_info_hook import log_lazily
from mmbarlow.errors import InputError
from mmbarlow.evaluation.class_names import class_names
from mmbarlow.evaluation.feature_loop import FeatureLoop
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.label_probes import metrics_of
from mmbarlow.evaluation.online_probe import OnlineProbe
from mmbarlow.evaluation.representations import Representations
from mmbarlow.registry import HOOKS

STATE = 'online_linear'  # the key in checkpoints
BATCH = 256  # of the labeled images that are no training images


@HOOKS.register_module()
class OnlineLinearHook(Hook):
    """Trains a linear classifier on the representations of every step, see `OnlineProbe`.

    The representations of the first view come from the step itself, detached: gradients, weights,
    BN statistics and random numbers of the training are bit for bit those of a run without the
    hook. Labels are those of the training images. Where these have none, or those of the images
    that are looked at during training (`val_cfg.bank_dataloader`) are other classes, the probe
    learns from the latter, some passes at each validation.

    `online_linear/accuracy` in the log is the percentage of training images that the probe told
    right before it learned from them; `OnlineLinear/top1` that of the test images of a validation
    by `mmbarlow.FeatureLoop`, with the network in eval mode. Checkpoints have the probe.

    Args:
        lr, momentum, weight_decay: of `OnlineProbe`.
        passes: over labeled images that are no training images, at each validation.

    Raises:
        InputError: there are no labels, an image has several, or no backbone.
    """

    def __init__(
        self, lr: float = 0.1, momentum: float = 0.9, weight_decay: float = 0.0, passes: int = 10
    ) -> None:
        self.options = dict(lr=lr, momentum=momentum, weight_decay=weight_decay)
        self.passes = passes
        self.probe: OnlineProbe | None = None
        self.saved: dict[str, Any] | None = None  # of the checkpoint that is resumed

    @property
    def watches_every_step(self) -> bool:
        """Whether no step can be repeated without Python (`engine.resident_limits`)."""
        return bool(self.classes)

    def check_before_training(self, runner) -> None:
        self.source = Representations(unwrap(runner.model))
        loop = runner.val_loop
        bank = loop.bank_dataloader.dataset if isinstance(loop, FeatureLoop) else None
        own = classes_in(runner.train_dataloader.dataset)
        known = class_names(bank).classes if bank is not None else []
        names = class_names(runner.train_dataloader.dataset).classes
        self.classes = 0 if known and names != known else own
        if not self.classes and bank is None:
            raise InputError(
                'the online linear probe has no labels: neither the training images have any, nor '
                'are labeled images looked at during training. Give some with --cfg-options '
                'labeled=FOLDER, or leave the probe out.'
            )

    def before_train(self, runner) -> None:
        if self.classes:
            self.source.attach()

    def after_train(self, runner) -> None:
        self.source.remove()

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if self.classes:
            self.source.start()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if not self.classes:
            return
        assert isinstance(data_batch, dict)
        labels = labels_of(data_batch['data_samples'], self.classes)
        x = self.source.of_step(len(labels))
        right = self._probe_for(x, self.classes).step(x, labels.to(x.device, non_blocking=True))
        log_lazily(runner.message_hub, 'train/online_linear/accuracy', 100 * right)

    def on_features(self, runner, train: Features, test: Features) -> dict[str, float]:
        """Metrics in percent; a probe whose batches have no labels learns from `train` first."""
        if train.labels.ndim == 2:
            raise InputError('the online linear probe takes images of one class each.')
        if not self.classes:
            device = next(runner.model.parameters()).device
            probe = self._probe_for(train.features.to(device), int(train.labels.max()) + 1)
            generator = torch.Generator().manual_seed(probe.steps)
            for _ in range(self.passes):
                for index in torch.randperm(len(train.labels), generator=generator).split(BATCH):
                    probe.step(train.features[index].to(device), train.labels[index].to(device))
        if self.probe is None:  # before the first step
            return {}
        metrics = metrics_of(self.probe.scores(test.features), test.labels)
        return {f'OnlineLinear/{name}': value for name, value in metrics.items()}

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        if self.probe is not None:
            checkpoint[STATE] = self.probe.state_dict()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        self.saved = checkpoint.get(STATE)

    def _probe_for(self, x: Tensor, classes: int) -> OnlineProbe:
        if self.probe is None:
            self.probe = OnlineProbe(x.shape[1], classes, x.device, **self.options)
            if self.saved and self.saved['weight'].shape == self.probe.weight.shape:
                self.probe.load_state_dict(self.saved)
        return self.probe


def classes_in(dataset: Any) -> int:
    """How many the labels of a data set are of; 0 where its images have no label, or several."""
    names = class_names(dataset).classes
    if not (len(dataset) and hasattr(dataset, 'get_data_info')):
        return 0
    if not isinstance(dataset.get_data_info(0).get('gt_label'), int):
        return 0
    infos = () if names else map(dataset.get_data_info, range(len(dataset)))
    return len(names) or 1 + max(info['gt_label'] for info in infos)


def labels_of(samples: list, classes: int) -> Tensor:
    """(n,), of a batch; raises InputError for a label that is none of the classes."""
    labels = torch.cat([sample.gt_label.reshape(1) for sample in samples])
    low, high = (int(x) for x in labels.aminmax())
    if low < 0 or high >= classes:
        raise InputError(
            f'the training images have labels from {low} to {high} and the names of {classes} '
            'classes, which the online linear probe cannot learn: leave it out.'
        )
    return labels
