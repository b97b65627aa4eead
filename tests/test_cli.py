"""How a tool ends."""

import pytest

from mmbarlow import cli


def test_a_bug_of_ours_keeps_its_traceback():
    def main():
        raise RuntimeError('not the user')

    with pytest.raises(RuntimeError, match='not the user'):
        cli.run(main)
