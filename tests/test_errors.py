"""What of an error reaches the terminal."""

import pytest

from mmbarlow.errors import BrokenImage, InputError, one_line


@pytest.mark.parametrize('error', [InputError('no such thing.'), BrokenImage('a.jpg', 'empty')])
def test_an_error_from_a_loaders_worker_is_its_sentence_alone(error):
    """torch puts the traceback of the worker, which ends in the error's name, around it."""
    kind = f'{type(error).__module__}.{type(error).__name__}'
    traceback = f'Caught {type(error).__name__} in worker 0.\nTraceback:\n  line\n{kind}: {error}'
    assert one_line(InputError(traceback)) == str(error)
