"""The numbers that a checkpoint can be chosen by; docs/choosing.md says which of them work."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mmengine.hooks import EMAHook

from mmbarlow.checkpoints import unwrap
from mmbarlow.errors import InputError
from mmbarlow.evaluation.bank_values import excess_loss
from mmbarlow.evaluation.features import dataset_features
from mmbarlow.evaluation.image_bank import ImageBank
from mmbarlow.evaluation.label_free import alpha_req, lidar, rankme
from mmbarlow.evaluation.label_probes import probe_knn
from mmbarlow.loss.distributed import gather_objects

HIGHER = 'the higher, the better'


class Direction(NamedTuple):
    """Which of two values is better: in words, and as a number that is higher for the better."""

    words: str
    score: Callable[[float], float]


CRITERIA = dict(
    rankme=Direction(HIGHER, lambda value: value),
    lidar=Direction(HIGHER, lambda value: value),
    alpha=Direction('the nearer to 1, the better', lambda value: -abs(value - 1)),
    loss_over_floor=Direction('the lower, the better', lambda value: -value),
    knn=Direction(HIGHER, lambda value: value),
)
LAYERS = ('embeddings', 'representations')


def measure_criterion(runner, by: str, of: str, bank: ImageBank | None) -> float:
    """The value of the network as it is now, the same in all processes.

    Args:
        runner: of the training. Where it keeps a moving average, that is measured.
        by, of: a criterion and a layer, of the above.
        bank: images in views; None for 'knn', which is of the runner's validation loop.

    Raises:
        InputError: the model has no such layer, or its loss has no floor.
    """
    averages = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
    if averages and hasattr(averages[0], 'ema_model'):  # which it has from the start of the run on
        model: Any = averages[0].ema_model.module
    else:
        model = unwrap(runner.model)
    value = _of_labels(model, runner.val_loop) if bank is None else _of_bank(model, by, of, bank)
    return gather_objects(value)[0]  # one decision for all


def _of_labels(model: Any, loop: Any) -> float:
    """Top-1 by the 20 nearest neighbors, or the mean average precision of several classes."""
    train, test = (dataset_features(model, x) for x in (loop.bank_dataloader, loop.dataloader))
    return next(iter(probe_knn(train, test).metrics.values()))


def _of_bank(model: Any, by: str, of: str, bank: ImageBank) -> float:
    x_NVD = getattr(bank.embed(model), of)
    if x_NVD is None:
        raise InputError(
            f'{type(model).__name__} has no projector `neck` that gives embeddings (n, D): set '
            "of='representations' of BestCheckpointHook, or by='knn'."
        )
    if by == 'loss_over_floor':
        lambd = getattr(model.head, 'lambd', None)
        if lambd is None:
            raise InputError(
                f'the loss of {type(model).__name__} has no known floor: set another `by` of '
                'BestCheckpointHook.'
            )
        return excess_loss(x_NVD, lambd)
    if by == 'lidar':
        return lidar(x_NVD)
    return (rankme if by == 'rankme' else alpha_req)(x_NVD[:, 0])
