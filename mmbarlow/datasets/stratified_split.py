"""Test images drawn from labeled ones, with the same share of each class."""

from collections.abc import Sequence

import numpy as np

from mmbarlow.errors import InputError, printable


def stratified_split(
    labels: np.ndarray, share: float, seed: int, classes: Sequence[str]
) -> np.ndarray:
    """Which images to test on: of each class the `share`, at least one and never all; (N,), bool.

    Where images have several classes, the rarest class draws first, from the images that no class
    has drawn yet, as in iterative stratification (Sechidis et al., 2011).

    Raises:
        InputError: a class has one image only, or only images that other classes share, so that
            they have all gone to one side.
    """
    if not 0 < share < 1:
        raise InputError(f'the share of test images must lie between 0 and 1, got {share}.')
    rng = np.random.default_rng(seed)
    members = [labels == c if labels.ndim == 1 else labels[:, c] for c in range(len(classes))]
    test, open_ = np.zeros(len(labels), bool), np.ones(len(labels), bool)
    for own in sorted(members, key=np.count_nonzero):
        if not own.any():
            continue
        total = np.count_nonzero(own)
        wanted = min(max(1, round(share * total)), total - 1) - np.count_nonzero(own & test)
        free = rng.permutation(np.flatnonzero(own & open_))
        test[free[: max(0, wanted)]] = True
        open_[free] = False
    free = rng.permutation(np.flatnonzero(open_))  # images without any class
    test[free[: round(share * len(free))]] = True
    pairs = zip(classes, members, strict=True)
    lone = [(n, own) for n, own in pairs if own.any() and len(np.unique(test[own])) == 1]
    if lone:
        name, count = lone[0][0], np.count_nonzero(lone[0][1])
        found = '1 image' if count == 1 else f'{count} images, all with other classes too'
        others = f' (and so have {len(lone) - 1:,} others)' if len(lone) > 1 else ''
        raise InputError(
            f'the class {printable(name)} has {found}{others}, so that it cannot be split into '
            'training and test images: add images, take the class out, or give a split yourself.'
        )
    return test
