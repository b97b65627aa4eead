"""What the paper says of each study, as comparisons of points that records decide."""

from dataclasses import dataclass

from mmbarlow.studies.points import PointName

Pair = tuple[PointName | None, PointName | None]  # None: the untrained network


@dataclass(frozen=True)
class Claim:
    """A finding, and the pairs of points that it is about."""

    finding: str
    pairs: tuple[Pair, ...]
    within: float | None = None  # points of accuracy; None: the first of a pair is the better one


def _against(point: PointName, *others: PointName | None) -> tuple[Pair, ...]:
    return tuple((point, other) for other in others)


NORM = 'no BN, no normalization'
BOTH = 'stop-gradient, predictor'
# As far apart as the paper's own batches from 128 to 1024; its lambdas differ by 0.8.
CLOSE = 2.0
CLAIMS = dict(
    loss=[
        Claim('Training improves on the untrained network', (('recipe', None),)),
        Claim(
            'Both terms of the loss are needed',
            _against('recipe', 'invariance term only', 'redundancy term only'),
        ),
        Claim(
            'Normalization along the batch is better than along the features',
            _against('recipe', 'feature normalization'),
        ),
        Claim('BN in the projector changes little', _against('recipe', 'no BN'), CLOSE),
        Claim('Without any normalization it is worse', (('recipe', NORM), ('no BN', NORM))),
        Claim('Cross-entropy is worse', _against('recipe', 'cross-entropy')),
        Claim(
            'A stop-gradient or a predictor changes little',
            _against('recipe', 'stop-gradient', 'predictor'),
            CLOSE,
        ),
        Claim('The two together are worse', _against('recipe', BOTH)),
    ],
    augmentations=[
        Claim(
            'Each augmentation that is removed makes it worse',
            (
                ('recipe', 'no grayscale'),
                ('no grayscale', 'no jitter either'),
                *_against('no jitter either', 'crop + blur', 'crop + flip'),
                ('crop + blur', 'crop'),
                ('crop + flip', 'crop'),
            ),
        ),
        Claim('Crops alone are worse than the recipe', _against('recipe', 'crop')),
    ],
    batch=[
        Claim(
            'The batch size changes little',
            (*_against(128, 32, 64, 256, 512), *_against(2048, 256, 1024, 4096)),
            CLOSE,
        ),
    ],
    width=[
        Claim('A wide projector is better than a narrow one', ((512, 16), (2048, 16))),
        Claim(
            'The wider, the better: each fourfold width improves on the one before',
            ((64, 16), (256, 64), (1024, 256), (2048, 512), (4096, 1024), (16384, 4096)),
        ),
    ],
    depth=[
        Claim('Several layers are better than one', ((2, 1), (3, 1), (4, 1))),
        Claim('A fourth layer changes little', ((4, 3),), CLOSE),
    ],
    lambd=[
        Claim(
            'Lambda from 0.002 to 0.02 changes little',
            _against(0.0051, 0.002, 0.01, 0.02),
            CLOSE,
        ),
    ],
)
