"""How fast the protocols are: kNN against scikit-learn, SVMs on more processes, extraction.

    python tools/speed/evaluation.py --parts knn features
    python tools/speed/evaluation.py --parts knn --alone --knn-shape 1281167 50000 2048   # a GPU
    python tools/speed/evaluation.py --parts svm --classes 4 --json work_dirs/svm.json

All data are generated. kNN and scikit-learn run in a fresh process each; peak memory is what the
search held at most beyond what was held before it. Results on 2 cores: docs/evaluation.md.
"""

import argparse
import functools
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import joblib
import numpy as np
import torch
from mmengine.dataset import default_collate
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from torch.utils.data import DataLoader

from measure import report
from measure.memory import peak
from measure.timing import medians, timed
from mmbarlow import cli
from mmbarlow.datasets.digits import Digits
from mmbarlow.evaluation.features import Features, dataset_features, unit_rows
from mmbarlow.evaluation.knn import knn_predict
from mmbarlow.evaluation.svm.average_precision import average_precision
from mmbarlow.evaluation.svm.cross_validated_svm import SVM
from mmbarlow.evaluation.svm.linear_svm import COSTS, classifier, targets
from mmbarlow.models.encoder import Encoder

T = 0.07


def main() -> None:
    parser = argparse.ArgumentParser(description='How fast the protocols are.')
    parser.add_argument('--parts', nargs='+', choices=list(PARTS), default=list(PARTS))
    parser.add_argument('--knn-shape', nargs=3, type=int, default=[50_000, 10_000, 512])
    parser.add_argument('--alone', action='store_true', help='kNN without scikit-learn')
    parser.add_argument('--svm-shape', nargs=2, type=int, default=[5_011, 2_048])
    parser.add_argument('--classes', type=int, default=20, help='of the SVMs')
    parser.add_argument('--costs', nargs='+', type=float, default=COSTS, help='of the SVMs')
    parser.add_argument('--checked', type=int, default=1, help='classes to compare with a loop')
    parser.add_argument('--rounds', type=int, default=5, help='of the feature extraction')
    parser.add_argument('--json', type=Path, help='file for the numbers')
    args = parser.parse_args()
    record = {}
    for part in args.parts:
        record[part] = PARTS[part](args)
        print(part, *(f'  {k:<28}{v:>14,.3f}' for k, v in record[part].items()), sep='\n')
    if args.json:
        report.write(args.json, 'cpu', cores=joblib.cpu_count(), **record)


def knn(args: argparse.Namespace) -> dict[str, float]:
    """The same search by this project and by scikit-learn, with one job and with all cores."""
    found, predictions = {}, {}
    for name in ['ours'] if args.alone else SEARCHES:
        with ProcessPoolExecutor(1, get_context('spawn')) as fresh:
            job = fresh.submit(search, name, args.knn_shape)
            found[name], predictions[name] = job.result()
    ours, peers = found['ours'], [found[name] for name in found if name != 'ours']
    if not peers:
        return dict(seconds=ours['seconds'], peak_mb=ours['peak'] / 1e6)
    fastest = min(peer['seconds'] for peer in peers)
    return dict(
        seconds=ours['seconds'],
        scikit_learn_seconds=fastest,
        times_faster=fastest / ours['seconds'],
        different_predictions=float((predictions['ours'] != predictions['scikit-learn']).sum()),
        peak_mb=ours['peak'] / 1e6,
        scikit_learn_peak_mb=min(peer['peak'] for peer in peers) / 1e6,
    )


def search(name: str, shape: list[int]) -> tuple[dict[str, float], np.ndarray]:
    """Seconds and peak bytes of one search, and what it predicts."""
    n, queries, dims = shape
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(100, dims, generator=generator)

    def clusters(count: int) -> Features:
        labels = torch.randint(100, (count,), generator=generator)
        noise = torch.randn(count, dims, generator=generator)
        return Features(0.1 * centers[labels] + noise, labels)

    bank, test = clusters(n), clusters(queries)
    SEARCHES[name](clusters(1000), clusters(500).features)  # libraries load here

    found = []
    most = peak(lambda: found.extend(timed(lambda: SEARCHES[name](bank, test.features))))
    seconds, predicted = found
    return dict(seconds=seconds, peak=most), predicted


def ours(bank: Features, queries: torch.Tensor) -> np.ndarray:
    return knn_predict(bank, queries, [200], T)[200][:, 0].numpy()


def scikit_learn(jobs: int | None) -> Callable[[Features, torch.Tensor], np.ndarray]:
    def predict(bank: Features, queries: torch.Tensor) -> np.ndarray:
        model = KNeighborsClassifier(
            *(200,),
            weights=lambda distance: np.exp((1 - distance) / T),  # pyright: ignore[reportArgumentType]
            algorithm='brute',
            metric='cosine',
            n_jobs=jobs,
        )
        return model.fit(bank.features.numpy(), bank.labels.numpy()).predict(queries.numpy())

    return predict


def svm(args: argparse.Namespace) -> dict[str, float]:
    """The SVM protocol with one process and with one a core, and a plain loop of scikit-learn."""
    train, test = (marked(args.svm_shape, args.classes, seed) for seed in (1, 2))
    cores, classes = joblib.cpu_count(), range(args.classes)
    seconds, aps = {}, {}
    for jobs in (1, cores):
        with tempfile.TemporaryDirectory() as folder:
            run = SVM(args.costs, jobs=jobs, cache_dir=folder).average_precisions
            seconds[jobs], aps[jobs] = timed(functools.partial(run, train, test, classes))
    loop_seconds, loop = timed(
        lambda: [plain_loop(train, test, c, args.costs) for c in range(args.checked)]
    )
    return dict(
        seconds_1_process=seconds[1],
        seconds=seconds[cores],
        times_faster=seconds[1] / seconds[cores],
        loop_seconds_a_class=loop_seconds / max(1, args.checked),
        largest_difference=max([abs(a - b) for x in aps.values() for a, b in zip(x, loop)] or [0]),  # noqa: B905
        mAP=100 * statistics.mean(aps[1]),
    )


def marked(shape: list[int], classes: int, seed: int) -> Features:
    """Generated features that look like averages after a ReLU: not negative, with few directions
    that matter, and noise. About 7 % of the images are positive for a class, more for the last
    class than for the first."""
    n, dims = shape
    directions = np.random.default_rng(0).standard_normal((64, dims))
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((n, 64))
    features = np.maximum(hidden @ directions / 8 + rng.standard_normal((n, dims)), 0)
    wanted = hidden[:, :classes] + 0.5 * rng.standard_normal((n, classes))
    share = np.linspace(0.04, 0.10, classes)
    limits = [np.quantile(wanted[:, c], 1 - share[c]) for c in range(classes)]
    return Features(
        torch.from_numpy(features).float(), torch.from_numpy(wanted > np.array(limits)).long()
    )


def plain_loop(train: Features, test: Features, c: int, costs: list[float]) -> float:
    """Average precision of a class, written as one would in a notebook."""
    x, x_test = unit_rows(train.features), unit_rows(test.features)
    y = targets(train.labels[:, c].numpy())
    models = [classifier(cost) for cost in costs]
    scores = [cross_val_score(m, x, y, cv=3, scoring='average_precision').mean() for m in models]
    best = models[int(np.argmax(scores))].fit(x, y)
    return average_precision(best.decision_function(x_test), test.labels[:, c].numpy() == 1)


def features(args: argparse.Namespace) -> dict[str, float]:
    """ResNet-18 on digits of 64 px: `dataset_features` and the bare passes, in turns."""
    pixels = dict(type='mmpretrain.SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3)
    model = Encoder(dict(type='mmpretrain.ResNet', depth=18), pixels).eval()
    steps = [dict(type='mmbarlow.CenterView', size=64), dict(type='mmpretrain.PackInputs')]
    loader = DataLoader(
        Digits('train', size=64, pipeline=steps),
        batch_size=128,
        num_workers=1,
        persistent_workers=True,
        collate_fn=default_collate,
    )

    @torch.no_grad()
    def bare() -> None:
        for batch in loader:
            model(model.data_preprocessor(batch, False)['inputs'])

    runs = dict(bare=bare, ours=lambda: dataset_features(model, loader))
    seconds = medians(runs, args.rounds, warm_up=1)  # the first round starts the worker
    return dict(
        bare_seconds=seconds['bare'],
        seconds=seconds['ours'],
        percent_more=100 * (seconds['ours'] / seconds['bare'] - 1),
    )


PARTS: dict[str, Callable] = dict(knn=knn, svm=svm, features=features)
SEARCHES = {'ours': ours, 'scikit-learn': scikit_learn(None), 'jobs': scikit_learn(-1)}

if __name__ == '__main__':
    cli.run(main)
