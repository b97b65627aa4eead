"""Measuring the checkpoints of a run while it trains, with labels and without."""

import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from sklearn.model_selection import StratifiedKFold

from mmbarlow.checkpoints import unwrap
from mmbarlow.evaluation.bank_values import correlation_terms, spectral_values
from mmbarlow.evaluation.features import Features, dataset_features
from mmbarlow.evaluation.image_bank import ImageBank
from mmbarlow.evaluation.knn import KNN
from mmbarlow.evaluation.linear import LinearProbe
from mmbarlow.loss import loss_floor
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.registry import HOOKS

IMAGES, VIEWS = 1000, 4  # of the bank
LAMBDA = 0.0051  # of the loss that is measured where the run has another loss
FOLDS = 5


@HOOKS.register_module()
class MeasuringHook(Hook):
    """Appends a line to a file for each of a number of checkpoints, equally far apart.

    The network is measured where it is, in eval mode; what the training draws does not move.

    Args:
        path: of the file.
        about: what each line begins with.
        checkpoints: of the run, at ends of epochs; the last one is its end.
        folds: whether kNN and linear are those of cross-validation over all labeled images; where
            there are few, this has half of the noise.
    """

    priority = 'LOWEST'

    def __init__(self, path: str, about: dict[str, Any], checkpoints: int, folds: bool) -> None:
        self.path, self.about, self.checkpoints, self.folds = Path(path), about, checkpoints, folds

    def before_train(self, runner) -> None:
        loader = runner.train_loop.loader
        self.bank = ImageBank(loader, runner.seed, IMAGES, VIEWS)
        self.losses: list[float] = []
        count = self.checkpoints
        self.epochs = {round(runner.max_epochs * k / count) for k in range(1, count + 1)}

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.losses.append(float(outputs['loss'].detach()))  # pyright: ignore

    def after_train_epoch(self, runner) -> None:
        if runner.epoch + 1 not in self.epochs:
            return
        start = time.perf_counter()
        line = self.about | dict(epoch=runner.epoch + 1, epochs=runner.max_epochs)
        line |= dict(step=runner.iter, train_loss=sum(self.losses) / len(self.losses))
        line |= self._without_labels(runner) | self._with_labels(runner)
        line |= dict(seconds=time.perf_counter() - start)
        self.losses.clear()
        with self.path.open('a') as file:
            file.write(json.dumps({k: _short(v) for k, v in line.items()}) + '\n')

    def _without_labels(self, runner) -> dict[str, float]:
        model = unwrap(runner.model)
        h, z = self.bank.embed(model)
        assert z is not None
        N, _, D = z.shape
        lambd = model.head.lambd if isinstance(model.head, CrossCorrelationHead) else LAMBDA
        invariance, off, diagonal = correlation_terms(z)
        of_h = {f'backbone_{name}': value for name, value in spectral_values(h).items()}
        return dict(
            images=N,
            dimensions=D,
            lambd=lambd,
            invariance=invariance,
            off_energy=off,
            diagonal=diagonal,
            floor=loss_floor(N, D, lambd),
            backbone_dimensions=h.shape[-1],
            backbone_off_energy=correlation_terms(h)[1],
            **spectral_values(z),
            **of_h,
        )

    def _with_labels(self, runner) -> dict[str, float]:
        loop, model = runner.val_loop, unwrap(runner.model)
        train = dataset_features(model, loop.bank_dataloader)
        test = dataset_features(model, loop.dataloader)
        if not self.folds:
            return labeled_values(train, test)
        whole = Features(*(torch.cat(pair) for pair in zip(train, test, strict=True)))
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        found, shares = [], []
        for rest, fold in folds.split(whole.features, whole.labels):
            parts = (Features(*(x[index] for x in whole)) for index in (rest, fold))
            found.append(labeled_values(*parts))
            shares.append(len(fold) / len(whole.labels))
        return {
            name: sum(s * each[name] for s, each in zip(shares, found, strict=True))
            for name in found[0]
        }


def labeled_values(train: Features, test: Features) -> dict[str, float]:
    """`knn` (k = 10) and `linear`, top-1 in percent."""
    knn, linear = KNN(k=[10])(train, test), LinearProbe()(train, test)
    return dict(knn=knn['top1_k10'], linear=linear['top1'])


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(f'{value:.6g}') if math.isfinite(value) else None
