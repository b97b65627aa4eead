"""Bad input, as opposed to a fault of ours."""


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what it is and what to do.

    The tools print the message as one line and exit with status 2 (`mmbarlow.cli`). It is the
    error of the whole project, and is defined here because `mmbarlow.loss` imports nothing of it.
    """

    told = False  # whether another process tells it to the user
