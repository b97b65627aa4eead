"""Linear SVMs on a few positive images of each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmbarlow.errors import InputError
from mmbarlow.evaluation.checks import check_marks, check_svm
from mmbarlow.evaluation.features import Features, unit_rows
from mmbarlow.evaluation.svm.linear_svm import COSTS, aps_on_test
from mmbarlow.evaluation.svm.tasks import results_name, run_tasks
from mmbarlow.registry import METRICS


@METRICS.register_module()
@dataclass
class LowShotSVM:
    """Mean average precision of linear SVMs that see k positive images of each class.

    As in the low-shot benchmark of VISSL and MMSelfSup, k positives and (classes - 1) k negatives
    (all, where there are fewer) are drawn for each class from its decided labels, `samples` times.
    There is no cross-validation: for each k the cost with the best mean over the samples, on the
    test split itself, is reported. The published draws (`train_targets_sample1_k1.npy` and so
    on) are no longer available; ours depend only on the seed and the labels, so they are the same
    for every network.

    Args:
        k: numbers of positives.
        samples: number of independent draws.
        seed: of the draws.
        costs, ap, jobs, cache_dir: see `SVM`.
    """

    k: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 96)
    samples: int = 5
    costs: Sequence[float] = COSTS
    ap: str = 'area'
    seed: int = 0
    jobs: int | None = None
    cache_dir: str = 'work_dirs/svm_cache'

    def __post_init__(self) -> None:
        check_svm(self.costs, self.ap)
        if not self.k or min(self.k) < 1 or self.samples < 1:
            raise InputError(
                f'k and samples must be at least 1, got {list(self.k)} and {self.samples}.'
            )

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """Mean and standard deviation over the samples (biased, as VISSL's) of the mean average
        precision, in percent: `mAP_k1`, `mAP_std_k1`, ...

        Raises:
            InputError: see `check_marks`, here with the largest k.
        """
        most = max(self.k)
        classes = check_marks(train, test, most, f'k = {most}', 'k')
        name = results_name(train, test, 'lowshot', self.seed, self.ap, tuple(self.costs))
        x, x_test = unit_rows(train.features), unit_rows(test.features)
        labels, test_labels = train.labels.numpy(), test.labels.numpy()
        tasks = {
            f'k{k}_sample{s}_class{c}': (
                *(x, labels[:, c], self._draw(labels[:, c], k, classes, s, c)),
                *(x_test, test_labels[:, c], self.costs, self.ap),
            )
            for k in sorted(self.k, reverse=True)
            for s in range(self.samples)
            for c in range(classes)
        }
        aps = run_tasks(aps_on_test, tasks, Path(self.cache_dir, name), self.jobs, 'low-shot SVM')
        result = {}
        for k in self.k:
            of_k = [
                [aps[f'k{k}_sample{s}_class{c}'] for c in range(classes)]
                for s in range(self.samples)
            ]
            maps = 100 * np.mean(of_k, axis=1)  # (samples, costs)
            best = maps[:, maps.mean(0).argmax()]
            result |= {f'mAP_k{k}': float(best.mean()), f'mAP_std_k{k}': float(best.std())}
        return result

    def _draw(self, labels: np.ndarray, k: int, classes: int, sample: int, c: int) -> np.ndarray:
        """Indices of the train images of one class's SVM, ascending."""
        rng = np.random.default_rng([self.seed, sample, k, c])
        positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
        n = min(len(negative), (classes - 1) * k)
        drawn = rng.choice(positive, k, replace=False), rng.choice(negative, n, replace=False)
        return np.sort(np.concatenate(drawn))
