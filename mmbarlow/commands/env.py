"""Paste it into a report of a bug: versions, hardware, and where the package is.

mmbarlow env
"""

import argparse
import platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(args: argparse.Namespace) -> None:
    import torch

    from mmbarlow.paths import PACKAGE
    from mmbarlow.zoo.provenance import commit, hardware, versions

    about = versions() | dict(system=platform.platform(), hardware=hardware())
    about |= dict(cuda=torch.version.cuda or 'none', package=str(PACKAGE), commit=commit())
    for name, value in about.items():
        print(f'{name}: {value}')
