"""Bad input, as opposed to a fault of ours."""

import re

from mmbarlow.loss.errors import InputError as InputError


class BrokenImage(InputError):
    """An image that cannot be read or decoded.

    Args:
        path: of the file, or of the archive and the member in it.
        reason: in a few words, the same words for the same kind of fault. Without it, `path` is the
            whole message: this is how torch rebuilds the error in the process that waits for a
            worker.
    """

    def __init__(self, path: str, reason: str = '') -> None:
        path = printable(path) if reason else path
        advice = 'replace it or take it out; `mmbarlow verify` lists all such images.'
        super().__init__(f'{path} cannot be read ({reason}): {advice}' if reason else path)
        self.path = path
        self.reason = reason


class Unfinished(Exception):
    """What was asked for is done, and there is more to do; the message says how to continue.

    The tools print the message as one line and exit with status 0.
    """


def one_line(error: InputError) -> str:
    """The sentence of an error; one from a loader's worker has the worker's traceback around it."""
    line = re.sub(r'^mmbarlow\.[\w.]*errors\.\w+: ', '', str(error).strip().split('\n')[-1])
    return printable(line)


def printable(text: object) -> str:
    """The text on one line, for logs, lists and terminals.

    Names of files are any bytes but two, and some would end the line, write elsewhere on the
    terminal, or are no text: what does not print is written as Python writes it.
    """
    return ''.join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
