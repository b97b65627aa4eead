"""What the numbers of a pretraining say of it, in words; docs/command.md has the rule."""

import math
from dataclasses import dataclass

from mmbarlow.zoo.curve import Points

COLLAPSED = 2.0  # effective rank of the embeddings below which they say one thing
NARROW = 4.0  # and below which they say few
EARLY = 0.25  # share of a training before which all but NaN is too early to say
UNLEARNED, HALF = 0.1, 0.5  # of the way of the loss from its start to its floor


@dataclass(frozen=True)
class Verdict:
    """level: 'failed', 'doubtful', 'good' or 'unknown'; title: a sentence; reasons: sentences."""

    level: str
    title: str
    reasons: tuple[str, ...]


def judge(
    curve: Points,
    floor: float | None,
    rank: float | None,
    most: int | None,
    share: float = 1.0,
) -> Verdict:
    """The verdict on a training.

    Args:
        curve: of `read_curve`, with the `loss` of each point.
        floor: the least value that the loss can take; None where the loss has none that is known.
        rank: effective rank of the embeddings; None if it was not measured.
        most: the largest rank that they could have.
        share: of the training that is done.
    """
    losses = [point['loss'] for point in curve if 'loss' in point]
    reasons: list[str] = []
    if losses and not math.isfinite(losses[-1]):
        return Verdict('failed', 'This training diverged.', (f'The last loss is {losses[-1]}.',))
    way = None
    if len(losses) > 1:
        first, last = losses[0], losses[-1]
        told = f'The loss went from {first:.4g} to {last:.4g}'
        if floor is not None:
            way = (first - last) / max(first - floor, 1e-12)
            goal = f'its floor of {floor:.4g}' if floor else '0'
            told += f', {max(way, 0):.0%} of the way to {goal}'
        reasons.append(f'{told}.')
    if rank is not None:
        of = f' of at most {most:,} with these images' if most else ''
        reasons.append(f'The embeddings have an effective rank of {rank:.1f}{of}.')
    if way is None and rank is None:
        return Verdict('unknown', 'There is too little to judge this training by.', tuple(reasons))
    if share < EARLY:
        return Verdict('unknown', 'It is too early to judge this training.', tuple(reasons))
    if rank is not None and rank < COLLAPSED:
        text = 'Whatever the loss says, all dimensions of the embeddings say nearly the same.'
        return Verdict('failed', 'This training collapsed.', (*reasons, text))
    if way is not None and way < UNLEARNED:
        text = 'Usual causes are a rate that is too high or too low, and views that share nothing.'
        return Verdict('failed', 'This training has not learned.', (*reasons, text))
    if rank is not None and rank < NARROW:
        text = 'So few directions are a sign of too short a training, or of images that are alike.'
        return Verdict('doubtful', 'This training has learned little.', (*reasons, text))
    if way is not None and way < HALF:
        text = 'A longer training would bring the loss further down.'
        return Verdict('doubtful', 'This training has learned little.', (*reasons, text))
    return Verdict('good', 'This training went well.', tuple(reasons))
