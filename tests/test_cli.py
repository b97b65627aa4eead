"""How a tool ends."""

import pytest

from mmbarlow import cli
from mmbarlow.errors import BrokenImage, InputError


def test_a_bug_of_ours_keeps_its_traceback():
    def main():
        raise RuntimeError('not the user')

    with pytest.raises(RuntimeError, match='not the user'):
        cli.run(main)


@pytest.mark.parametrize('error', [InputError('no such thing.'), BrokenImage('a.jpg', 'empty')])
def test_an_error_from_a_loaders_worker_is_its_sentence_alone(error):
    """torch puts the traceback of the worker, which ends in the error's name, around it."""
    kind = f'{type(error).__module__}.{type(error).__name__}'
    traceback = f'Caught {type(error).__name__} in worker 0.\nTraceback:\n  line\n{kind}: {error}'
    assert cli.one_line(InputError(traceback)) == str(error)
