"""mmbarlow list
mmbarlow list cifar10
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('words', nargs='*', help='which the name or the text of a recipe has')


def run(args: argparse.Namespace) -> None:
    raise NotImplementedError
