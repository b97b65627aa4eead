"""The command `mmbarlow` and its verbs.

A verb is a module of this folder with `add_arguments(parser)` and `run(args)`. What needs time is
imported within `run`, so that `--help` comes at once.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from mmbarlow.version import __version__

VERBS = dict(
    pretrain='train a network on a folder of images, without labels',
    evaluate='what a backbone is worth on labeled images',
    card='all that frozen features are worth on labeled images, on one page',
    embed='features of images, their nearest neighbors and near-duplicates',
    report='one page with all that a run has made',
    export='a backbone for torchvision, timm, detectron2, ONNX or Hugging Face',
    compare='did pretraining help? the same task with and without it',
    verify='find images that cannot be read',
    views='see the two views of some images',
    list='the recipes of this package',
    env='versions and hardware, for a report of a bug',
)


def command_line(arguments: Sequence[str] | None = None) -> None:
    """Run a verb; the exit status is 0, or 2 with one sentence on stderr for bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        'mmbarlow', description='Image features without labels, by Barlow Twins.'
    )
    parser.add_argument('--version', action='version', version=f'mmbarlow {__version__}')
    verbs = parser.add_subparsers(dest='verb', metavar='VERB', required=True)
    asked = next((word for word in words if not word.startswith('-')), None)
    verb = None
    for name, summary in VERBS.items():
        own = verbs.add_parser(
            name, help=summary, description=f'{summary[0].upper()}{summary[1:]}.'
        )
        if name == asked:
            verb = importlib.import_module(f'mmbarlow.commands.{name}')
            own.formatter_class = argparse.RawDescriptionHelpFormatter
            own.epilog = verb.__doc__
            verb.add_arguments(own)
    args = parser.parse_args(words)
    assert verb is not None  # argparse has left otherwise
    if getattr(verb, 'LIGHT', False):  # needs nothing of what `cli` takes a second to import
        sys.exit(verb.run(args))
    from mmbarlow import cli

    cli.run(lambda: verb.run(args))
