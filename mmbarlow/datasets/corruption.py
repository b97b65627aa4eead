"""The corruptions of ImageNet-C, drawn for each image anew and always alike."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout

import numpy as np
from mmcv.transforms import BaseTransform

from mmbarlow.errors import InputError
from mmbarlow.optional import package
from mmbarlow.registry import TRANSFORMS

# ImageNet-C's 15, and the four that its authors keep for choosing settings by.
COMMON = (
    *('gaussian_noise', 'shot_noise', 'impulse_noise'),
    *('defocus_blur', 'glass_blur', 'motion_blur', 'zoom_blur'),
    *('snow', 'frost', 'fog', 'brightness'),
    *('contrast', 'elastic_transform', 'pixelate', 'jpeg_compression'),
)
EXTRA = ('speckle_noise', 'gaussian_blur', 'spatter', 'saturate')
CORRUPTIONS = (*COMMON, *EXTRA)
SEVERITIES = (1, 2, 3, 4, 5)
LEAST_SIDE = 32  # pixels, of the library
OWN_SEED = ('impulse_noise', 'glass_blur')  # do not draw from NumPy's global generator


@TRANSFORMS.register_module()
class Corrupt(BaseTransform):
    """A corruption of ImageNet-C (Hendrycks and Dietterich, 2019) at one of its five severities.

    It is the one of the package imagecorruptions-imaug, with ImageNet-C's parameters, which are for
    224 px: at 32 px they are far stronger than CIFAR-10-C's. Its random numbers belong to (seed,
    index of the image, corruption, severity), whatever was drawn before and in whichever process.

    Required keys: `img`, a uint8 RGB array (H, W, 3) of 32 px or more, and `sample_idx`, which
    MMEngine's data sets set; changes `img`.

    Args:
        name: one of `CORRUPTIONS`.
        severity: 1 to 5.
        seed: of the draws.

    Raises:
        InputError: there is no such corruption or severity, or the package is not installed.
    """

    def __init__(self, name: str, severity: int = 1, seed: int = 0) -> None:
        check_corruptions([name])
        if severity not in SEVERITIES:
            raise InputError(f'the severity of a corruption is 1 to 5, not {severity}.')
        corruption_package()
        self.name, self.severity, self.seed = name, severity, seed

    def transform(self, results: dict) -> dict:
        numbers = corruption_seed(self.seed, results['sample_idx'], self.name, self.severity)
        return dict(results, img=corrupted(results['img'], self.name, self.severity, numbers))


def corrupted(image: np.ndarray, name: str, severity: int, seed: int) -> np.ndarray:
    """A corrupted image, uint8 (H, W, 3), as the library makes it after `np.random.seed(seed)`.

    NumPy's global generator is then as it was before.

    Raises:
        InputError: the image is not 8-bit RGB, or has fewer than 32 px in height or width.
    """
    if image.dtype != np.uint8 or image.shape[2:] != (3,) or min(image.shape[:2]) < LEAST_SIDE:
        raise InputError(
            f'corruptions are for 8-bit RGB images of {LEAST_SIDE} px or more, and this one is '
            f'{image.dtype} of shape {image.shape}: show the images larger.'
        )
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        # It prints that it handles an exception where sides are odd.
        with redirect_stdout(io.StringIO()), np.errstate(all='ignore'):
            own = dict(seed=seed) if name in OWN_SEED else {}
            return np.array(corruption_package().corrupt(image, severity, name, **own))
    finally:
        np.random.set_state(before)


def corruption_seed(seed: int, index: int, name: str, severity: int) -> int:
    """The number that all draws for an image follow from, below 2^32."""
    key = [seed, int(index), CORRUPTIONS.index(name), severity]
    return int(np.random.SeedSequence(key).generate_state(1)[0])


def corruption_package():
    """Raises InputError if it is not installed."""
    return package('imagecorruptions', 'a corruption of images', 'robustness')


def check_corruptions(names: Sequence[str]) -> None:
    """Raises InputError if one of the names is none of `CORRUPTIONS`."""
    if unknown := [name for name in names if name not in CORRUPTIONS]:
        raise InputError(
            f'there is no corruption {unknown[0]!r:.60}: take {", ".join(CORRUPTIONS)}.'
        )
