"""A classifier needs an output for every label."""

from mmengine.hooks import Hook

from mmbarlow.checkpoints import unwrap
from mmbarlow.errors import InputError


class LabelsHook(Hook):
    """Raises InputError for a label that the classifier has no output for.

    On a GPU the loss itself would fail with a device-side assertion. Not registered:
    `mmbarlow.evaluation.classifiers` adds it to every classifier that it trains.
    """

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        check_labels(runner, data_batch, 'training')

    def before_val_iter(self, runner, batch_idx, data_batch=None) -> None:
        check_labels(runner, data_batch, 'test')


def check_labels(runner, data_batch, split: str) -> None:
    assert isinstance(data_batch, dict)
    classes = unwrap(runner.model).head.num_classes
    for sample in data_batch['data_samples']:
        if 'gt_label' not in sample:
            raise InputError(f'the {split} data has no labels, and a classifier needs them.')
        label = int(sample.gt_label)
        if not 0 <= label < classes:
            raise InputError(
                f'the {split} data has the label {label}, and the classifier has the classes 0 to '
                f'{classes - 1}: set model.head.num_classes.'
            )
