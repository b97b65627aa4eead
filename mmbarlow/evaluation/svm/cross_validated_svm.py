"""Linear SVMs on frozen features: the VOC07 column of the paper's table 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmbarlow.errors import InputError
from mmbarlow.evaluation.checks import check_marks, check_svm
from mmbarlow.evaluation.features import Features, unit_rows
from mmbarlow.evaluation.svm.linear_svm import COSTS, ap_on_test, cross_validated_ap, targets
from mmbarlow.evaluation.svm.tasks import results_name, run_tasks
from mmbarlow.registry import METRICS


@METRICS.register_module()
@dataclass
class SVM:
    """One linear SVM for each class, its cost chosen by cross-validation; mean average precision.

    As in VISSL's `svm_trainer.py`, features are divided by their L2 norm, each class has the cost
    with its best cross-validated average precision, and undecided labels (-1) count as negative
    in training and are left out of the test. VISSL fits every cost on the whole train split; here
    only the chosen one is, which gives the same numbers in three quarters of the time.

    Args:
        costs: values of C of the SVM to choose from; VISSL's by default, MMSelfSup's are in
            `mmbarlow/evaluation/svm/linear_svm.py`.
        folds: of the cross-validation.
        ap: 'area' or '11points', see `average_precision`.
        jobs: processes; by default one for each core.
        cache_dir: holds the result of each class and cost, which is reused after an interruption
            if the features are the same to the last bit.
    """

    costs: Sequence[float] = COSTS
    folds: int = 3
    ap: str = 'area'
    jobs: int | None = None
    cache_dir: str = 'work_dirs/svm_cache'

    def __post_init__(self) -> None:
        check_svm(self.costs, self.ap)
        if self.folds < 2:
            raise InputError(f'cross-validation needs 2 folds or more, got {self.folds}.')

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """Average precision in percent, averaged over the classes: `mAP`.

        Raises:
            InputError: see `check_marks`, here with the number of folds.
        """
        classes = check_marks(train, test, self.folds, f'{self.folds} folds', 'folds')
        aps = self.average_precisions(train, test, range(classes))
        return dict(mAP=100 * sum(aps) / classes)

    def average_precisions(
        self, train: Features, test: Features, classes: Sequence[int]
    ) -> list[float]:
        """Average precision of each of the `classes`, from 0 to 1."""
        folder = Path(self.cache_dir, results_name(train, test, 'svm', self.folds, self.ap))
        x, x_test = unit_rows(train.features), unit_rows(test.features)
        y = {c: targets(train.labels[:, c].numpy()) for c in classes}
        # A large cost takes many times longer than a small one.
        costs = sorted(self.costs, reverse=True)
        tasks = {_task(c, cost): (x, y[c], cost, self.folds) for cost in costs for c in classes}
        scores = run_tasks(cross_validated_ap, tasks, folder / 'folds', self.jobs, 'SVM, costs')
        # The first of equally good ones, as numpy's argmax chooses in VISSL.
        chosen = {c: max(self.costs, key=lambda cost: scores[_task(c, cost)]) for c in classes}
        labels = test.labels.numpy()
        tasks = {
            _task(c, chosen[c]): (x, y[c], x_test, labels[:, c], chosen[c], self.ap)
            for c in sorted(classes, key=lambda c: -chosen[c])
        }
        aps = run_tasks(ap_on_test, tasks, folder / 'test', self.jobs, 'SVM, classes')
        return [aps[_task(c, chosen[c])] for c in classes]


def _task(c: int, cost: float) -> str:
    return f'class{c}_cost{cost:g}'
