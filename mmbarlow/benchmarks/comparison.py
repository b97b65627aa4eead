"""Did pretraining help? One small labeled task with it and without it, at the same budget."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

from mmbarlow.benchmarks.finetuning import finetune
from mmbarlow.benchmarks.labeled_results import untrained_like
from mmbarlow.benchmarks.labeled_task import LabeledTask, measure_frozen, write_record
from mmbarlow.benchmarks.network import Network
from mmbarlow.zoo.text_table import text_table, with_spread

CLEAR = 2.0  # standard errors between what helps and what may be chance


@dataclass(frozen=True)
class Arm:
    """One way to the task."""

    title: str
    pretrained: bool
    task: str  # as records name it: 'finetune' trains all weights, 'linear' a classifier alone


ARMS = (
    Arm('from scratch, all weights', False, 'finetune'),
    Arm('untrained and frozen, linear', False, 'linear'),
    Arm('pretrained, fine-tuned', True, 'finetune'),
    Arm('pretrained and frozen, linear', True, 'linear'),
)


def compare_arms(
    network: Network,
    task: LabeledTask,
    epochs: int,
    seeds: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, list[dict[str, float]]]:
    """`top1` and `top1_per_class` of each of `ARMS` for the seeds 0 to `seeds` - 1.

    A seed is that of the split, where the data have none, of the untrained weights, of the
    classifier, the crops and the order.

    Args:
        network: the pretrained one.
        task: of images with one class.
        epochs: of both trainings of all weights.
        seeds: how many.
        folder: of records, which are written as the results come.
        say: gets a line about each result.
    """
    found: dict[str, list[dict[str, float]]] = {arm.title: [] for arm in ARMS}
    for seed in range(seeds):
        own, fresh = replace(task, seed=seed), untrained_like(network, seed)
        for arm in ARMS:
            start, one = time.perf_counter(), network if arm.pretrained else fresh
            if arm.task == 'finetune':
                metrics = finetune(one, own, epochs, seed)
            else:
                metrics = measure_frozen(one, own, [arm.task]).metrics[arm.task]
            seconds = time.perf_counter() - start
            write_record(folder, one, own, arm.task, metrics, seconds)
            found[arm.title].append(metrics)
            say(f'seed {seed}: {arm.title} {metrics["top1"]:.1f} % in {seconds:.0f} s')
    return found


def comparison_table(found: dict[str, list[dict[str, float]]], task: str) -> str:
    """A row for each arm: mean and sample deviation over the seeds, over all images and classes."""
    seeds = len(next(iter(found.values())))
    header = [f'{task}, {seeds} seed{"s" * (seeds > 1)}', 'all images', 'mean per class']
    rows = []
    for title, results in found.items():
        columns = [[each[name] for each in results] for name in ('top1', 'top1_per_class')]
        rows.append([title, *(with_spread(fmean(c), _spread(c)) for c in columns)])
    return text_table(header, rows)


def verdict(found: dict[str, list[dict[str, float]]]) -> str:
    """One sentence: by how much pretraining helps, with the deviation over the seeds."""
    top1 = {title: [each['top1'] for each in results] for title, results in found.items()}
    scratch, untrained, tuned, frozen = (top1[arm.title] for arm in ARMS)
    return (
        f'Pretraining {_helps(tuned, scratch)} with all weights trained, and '
        f'{_helps(frozen, untrained)} with frozen ones (differences of the same seed).'
    )


def _helps(with_it: Sequence[float], without: Sequence[float]) -> str:
    gains = [a - b for a, b in zip(with_it, without, strict=True)]
    gain, spread = fmean(gains), _spread(gains)
    points = f'{abs(gain):.1f} +- {spread:.1f} points'
    if len(gains) == 1:
        points = f'{abs(gain):.1f} points (one seed: give --seeds 3 to learn how sure that is)'
    elif abs(gain) <= CLEAR * spread / len(gains) ** 0.5:
        return f'makes no clear difference ({gain:+.1f} +- {spread:.1f} points)'
    if gain == 0:
        return 'makes no difference'
    return f'helps by {points}' if gain > 0 else f'does not help, it costs {points}'


def _spread(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
