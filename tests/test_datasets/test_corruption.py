"""Corruptions of ImageNet-C, against the library that draws them."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from mmbarlow.datasets.corruption import (
    COMMON,
    CORRUPTIONS,
    EXTRA,
    Corrupt,
    corrupted,
    corruption_seed,
)
from mmbarlow.errors import InputError
from mmbarlow.registry import TRANSFORMS

library = pytest.importorskip('imagecorruptions')


@pytest.fixture(scope='module')
def image() -> np.ndarray:
    return np.asarray(Image.fromarray(load_sample_image('china.jpg')).resize((48, 32)))


def test_the_names_are_those_of_the_library():
    assert list(COMMON) == library.get_corruption_names('common')
    assert list(EXTRA) == library.get_corruption_names('validation')


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_an_image_is_the_one_that_the_library_makes_with_the_same_seed(name, image):
    seed = corruption_seed(0, 7, name, 3)
    own = dict(seed=seed) if name in ('impulse_noise', 'glass_blur') else {}
    np.random.seed(seed)
    with np.errstate(all='ignore'):
        expected = library.corrupt(image, 3, name, **own)
    np.random.seed(5)
    sample = dict(img=image.copy(), sample_idx=7)
    found = TRANSFORMS.build(dict(type='mmbarlow.Corrupt', name=name, severity=3))(sample)['img']
    assert found.dtype == np.uint8
    assert found.shape == image.shape
    assert (found == expected).all()
    assert (found != image).any()


def test_draws_belong_to_seed_image_corruption_and_severity_alone(image):
    def drawn(seed=0, index=3, name='gaussian_noise', severity=1) -> bytes:
        transform = Corrupt(name, severity, seed)
        return transform.transform(dict(img=image, sample_idx=index))['img'].tobytes()

    np.random.seed(1)
    first = drawn()
    np.random.rand(10)
    others = [drawn(index=4), drawn(severity=2), drawn(seed=1), drawn(name='shot_noise')]
    assert drawn() == first
    assert len({first, *others}) == 5


def test_the_global_generator_goes_on_as_if_nothing_had_been_drawn(image):
    np.random.seed(1)
    expected = np.random.rand(3)
    np.random.seed(1)
    corrupted(image, 'frost', 2, 0)
    assert (np.random.rand(3) == expected).all()


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (dict(name='rain'), "no corruption 'rain': take gaussian_noise, shot_noise"),
        (dict(name='snow', severity=6), 'is 1 to 5, not 6'),
    ],
)
def test_what_does_not_exist_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        Corrupt(**arguments)


@pytest.mark.parametrize('kind', ['float', 'gray', 'small'])
def test_images_that_the_library_does_not_take_are_refused_in_a_sentence(kind, image):
    odd = dict(float=image / 255, gray=image[..., :1], small=image[:31])[kind]
    with pytest.raises(InputError, match='for 8-bit RGB images of 32 px or more'):
        corrupted(odd, 'fog', 1, 0)
