"""What the protocols require of the features and settings they are given."""

from collections.abc import Callable, Sequence

from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.evaluation.features import Features
from mmbarlow.evaluation.svm.average_precision import RULES


def check_classes(train: Features, test: Features) -> int:
    """The number of classes: the highest label of the train split plus one.

    Raises:
        InputError: a split is empty or has NaN or infinite features, features and labels do not
            fit together, the splits differ in dimensions, or a label is negative or of no class
            of the train split.
    """
    _check(train, test, lambda labels: labels.ndim == 1, 'each sample needs one whole number')
    dims = train.features.shape[1], test.features.shape[1]
    if dims[0] != dims[1]:
        raise InputError(
            f'the train features have {dims[0]} dimensions and the test features {dims[1]}: '
            'extract both with the same backbone.'
        )
    classes, highest = int(train.labels.max()) + 1, int(test.labels.max())
    lowest = min(int(split.labels.min()) for split in (train, test))
    if lowest < 0:
        raise InputError(f'there is a label {lowest}: labels start at 0.')
    if highest >= classes:
        raise InputError(
            f'the test split has the label {highest}, but the train split has none above '
            f'{classes - 1}: take both splits from the same data set.'
        )
    return classes


def check_marks(train: Features, test: Features, positives: int, what: str, option: str) -> int:
    """The number of classes of splits in which an image can belong to several.

    Args:
        train, test: labels (N, classes): 1, 0 or -1, see `Features`.
        positives: the least number of positive train images a class must have.
        what: the setting that requires them, for the message.
        option: the argument that would lower it, for the message.

    Raises:
        InputError: a split is empty or has NaN or infinite features, features, labels and classes
            do not fit together, a label is neither 1 nor 0 nor -1, or a class has too few
            positive train images, no positive test image, or no negative one to rank it against.
    """
    _check(
        *(train, test, lambda labels: labels.ndim == 2 and bool((labels.abs() <= 1).all())),
        'each image needs 1, 0 or -1 for each class',
    )
    shapes = [tuple(x.shape[1] for x in split) for split in (train, test)]
    if shapes[0] != shapes[1]:
        raise InputError(
            f'the splits have (dimensions, classes) {shapes[0]} and {shapes[1]}: extract both with '
            'the same backbone and from the same data set.'
        )
    for name, split, least in (('train', train, positives), ('test', test, 1)):
        counts = (split.labels == 1).sum(0)
        c = int(counts.argmin())
        if int(counts[c]) < least:
            lower = f'for {what} it needs {least}: lower {option}, or ' if name == 'train' else ''
            raise InputError(
                f'class {c} (counted from 0) has {int(counts[c])} positive {name} images; {lower}'
                "leave the class out of both splits with the data set's metainfo.classes."
            )
        negatives = (split.labels == 0).sum(0)
        if not negatives.all():
            c = int(negatives.argmin())
            raise InputError(f'class {c} (counted from 0) has no negative {name} image.')
    return shapes[0][1]


def check_svm(costs: Sequence[float], rule: str) -> None:
    """Raises InputError unless all costs are above 0 and `average_precision` has the rule."""
    if not costs or min(costs) <= 0:
        raise InputError(f'costs must be one or more numbers above 0, got {list(costs)}.')
    if rule not in RULES:
        raise InputError(f'the rule of average precision is one of {RULES}, not {rule!r}.')


def check_knn(k: Sequence[int], temperature: float) -> None:
    """Raises InputError unless each k is at least 1 and the temperature is above 0."""
    if not k or min(k) < 1:
        raise InputError(f'k must be one or more numbers of neighbors from 1 up, got {list(k)}.')
    if temperature <= 0:
        raise InputError(f'the temperature of kNN must be above 0, got {temperature}.')


def _check(train: Features, test: Features, fits: Callable[[Tensor], bool], wanted: str) -> None:
    """Raises InputError unless both splits have finite features and labels that fit them."""
    for name, (features, labels) in (('train', train), ('test', test)):
        if features.ndim != 2 or not features.numel():
            raise InputError(
                f'the {name} features must be (samples, dimensions) and not empty, '
                f'got {tuple(features.shape)}.'
            )
        bad = int((~features.isfinite()).any(dim=1).sum())
        if bad:
            raise InputError(
                f'{bad} of {len(features)} features of the {name} split are NaN or infinite: '
                'the network has diverged, or an image is broken.'
            )
        if len(labels) != len(features) or labels.is_floating_point() or not fits(labels):
            raise InputError(
                f'the {name} split has {len(features)} features and labels of shape '
                f'{tuple(labels.shape)}, {labels.dtype}: {wanted}.'
            )
