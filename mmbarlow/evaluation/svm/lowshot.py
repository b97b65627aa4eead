"""Linear SVMs on a few positive images a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmbarlow.errors import InputError
from mmbarlow.evaluation.checks import check_costs, check_marks, check_rule
from mmbarlow.evaluation.features import Features, unit_rows
from mmbarlow.evaluation.svm.linear_svm import COSTS, aps_on_test
from mmbarlow.evaluation.svm.tasks import name_of, run_tasks
from mmbarlow.registry import METRICS


@METRICS.register_module()
class LowShotSVM:
    """Mean average precision of linear SVMs that see k positive images of each class.

    As VISSL's and MMSelfSup's low-shot benchmark: for each class k positives and (classes - 1) k
    negatives (all, where there are fewer) are drawn from its decided labels, `samples` times.
    There is no cross-validation: for each k the cost with the best mean over the samples, on the
    test split itself, is reported. The published draws (`train_targets_sample1_k1.npy` and so
    on) cannot be had any more; ours depend on the seed and on the labels only, so every network
    is judged by the same ones.

    Args:
        k: numbers of positives.
        samples: independent draws.
        costs: C of the SVM to choose from, see `SVM`.
        ap: 'area' or '11points', see `average_precision`.
        seed: of the draws.
        jobs: processes; by default one a core.
        cache_dir: see `SVM`.
    """

    def __init__(
        self,
        k: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 96),
        samples: int = 5,
        costs: Sequence[float] = COSTS,
        ap: str = 'area',
        seed: int = 0,
        jobs: int | None = None,
        cache_dir: str = 'work_dirs/svm_cache',
    ) -> None:
        check_costs(costs)
        check_rule(ap)
        if not k or min(k) < 1 or samples < 1:
            raise InputError(f'k and samples start at 1, got k = {list(k)}, samples = {samples}.')
        self.k = tuple(k)
        self.samples = samples
        self.costs = tuple(costs)
        self.ap = ap
        self.seed = seed
        self.jobs = jobs
        self.cache_dir = Path(cache_dir)

    def __call__(self, train: Features, test: Features) -> dict[str, float]:
        """Mean and standard deviation (divided by the number of samples, as VISSL's) of the mean
        average precision, percent: `mAP_k1`, `mAP_std_k1`, ...

        Raises:
            InputError: a class has fewer positive train images than the largest k, or none in the
                test split; and see `check_marks`.
        """
        most = max(self.k)
        classes = check_marks(train, test, most, f'k = {most}', 'k')
        settings = 'lowshot', self.seed, self.ap, self.costs
        x, x_test = unit_rows(train.features), unit_rows(test.features)
        labels, test_labels = train.labels.numpy(), test.labels.numpy()
        aps = run_tasks(
            aps_on_test,
            {
                f'k{k}_sample{s}_class{c}': (
                    *(x, labels[:, c], self._draw(labels[:, c], k, classes, s, c)),
                    *(x_test, test_labels[:, c], self.costs, self.ap),
                )
                for k in sorted(self.k, reverse=True)
                for s in range(self.samples)
                for c in range(classes)
            },
            *(self.cache_dir / name_of(train, test, *settings), self.jobs, 'low-shot SVM'),
        )
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
