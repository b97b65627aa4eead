"""What is wrong with data, said in one line."""

from collections.abc import Sequence

from mmbarlow.errors import InputError


def stop_at(faults: Sequence[str]) -> None:
    """Raises InputError with all faults in one line, if there is any."""
    if len(faults) == 1:
        raise InputError(f'{faults[0]}.')
    if faults:
        listed = '; '.join(f'({number}) {fault}' for number, fault in enumerate(faults, 1))
        raise InputError(f'there are {len(faults)} kinds of faults in the data: {listed}.')


def some(things: Sequence[object], first: int = 3) -> str:
    """'a; b; c; ...' for the first few of these things."""
    return '; '.join([*map(str, things[:first]), *(['...'] if len(things) > first else [])])
