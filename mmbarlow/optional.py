"""Packages that only some uses need."""

import importlib
from types import ModuleType

from mmbarlow.errors import InputError


def package(name: str, what: str, extra: str = 'export') -> ModuleType:
    """An optional package.

    Args:
        what: needs it.
        extra: of ours that has it.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"{what} needs the package {name}: pip install 'mmbarlow[{extra}]'."
        ) from error
