"""Arguments that the verbs on labeled images share, and what they make of them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmbarlow.benchmarks.labeled_task import LabeledTask
    from mmbarlow.benchmarks.network import Network
    from mmbarlow.datasets.labeled_images import LabeledImages


def add_labeled_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('backbone', help='a backbone file, or the folder of a pretraining')
    parser.add_argument(
        'labeled',
        help='class folders (with train/ and test/ or val/ around them, or without), a CSV with '
        "path and label, or a JSON in COCO's style",
    )
    parser.add_argument('--name', help="of the data set in the records; the folder's by default")
    parser.add_argument(
        '--split',
        type=float,
        default=0.2,
        metavar='SHARE',
        help='of test images, drawn from each class where the data have no split (0.2)',
    )
    parser.add_argument('--size', type=int, help='side of the images in pixels; by default theirs')
    parser.add_argument('--config', help='pretraining config, where the backbone does not say')
    parser.add_argument('--records', type=Path, help='folder; records/ beside the backbone')
    parser.add_argument('--out', type=Path, help='folder of other results; beside the records')
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--workers', type=int, default=1, help='processes that read images (1)')


def read_arguments(
    args: argparse.Namespace,
) -> 'tuple[Network, LabeledTask, LabeledImages, Path, Path]':
    """The network, the task, its images, the folder of records and that of other results.

    Raises:
        InputError: the backbone or the images cannot be used, or a number is out of range.
    """
    from dataclasses import replace

    from mmbarlow.benchmarks.labeled_task import LabeledTask, task_name, task_size

    network, beside = read_backbone(args)
    name = task_name(args.labeled, args.name)
    task = LabeledTask(
        args.labeled,
        name,
        args.size or 0,
        share=args.split,
        seed=getattr(args, 'seed', 0),  # compare has one for each of its trainings
        workers=args.workers,
        batch_size=args.batch_size,
    )
    labeled = task.read()
    task = replace(task, size=args.size or task_size(labeled))
    folder = args.records or beside / 'records'
    return network, task, labeled, folder, args.out or folder.parent / args.verb / name


def read_backbone(args: argparse.Namespace) -> 'tuple[Network, Path]':
    """The network, and the folder of its file.

    Raises:
        InputError: the backbone cannot be used, or a number is out of range.
    """
    from mmbarlow.benchmarks.network import read_network
    from mmbarlow.commands.backbones import backbone_file, config_beside
    from mmbarlow.errors import InputError

    for name, least in (('size', 1), ('batch_size', 2), ('workers', 0)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise InputError(f'--{name.replace("_", "-")} must be {least} or more, got {value}.')
    backbone = backbone_file(args.backbone)
    config = args.config or config_beside(backbone)
    return read_network(str(backbone), str(config) if config else None), backbone.parent
